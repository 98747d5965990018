import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { PodCard } from "./PodCard";

const CARD_PX = 118;

export function BoardColumn({ title, ids, loading, filtered }: { title: string; ids: string[]; loading: boolean; filtered: boolean }) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: ids.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => CARD_PX,
    getItemKey: (index) => ids[index] ?? index,
    overscan: 6,
  });
  return (
    <section aria-label={title} data-column className={`flex min-w-[190px] flex-1 basis-0 snap-start flex-col rounded-xl bg-sunken/70 max-sm:min-w-[86vw] ${ids.length === 0 ? "max-sm:hidden" : ""}`}>
      <h2 className="flex h-9 shrink-0 items-center gap-2 px-3 font-semibold">
        {title} <span className="font-normal text-faint">{ids.length || ""}</span>
      </h2>
      <div ref={scroller} tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto px-2 pb-2">
        {ids.length === 0 && (loading ? <Loading /> : <p className="px-2 py-6 text-center text-faint">{filtered ? "No match" : HINTS[title]}</p>)}
        <div className="relative w-full" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => (
            <div key={row.key} data-index={row.index} ref={rows.measureElement} className="absolute inset-x-0 top-0 pb-2" style={{ transform: `translateY(${row.start}px)` }}>
              <PodCard podId={ids[row.index] ?? ""} />
            </div>
          ))}
        </div>
      </div>
    </section>
  );
}

const Loading = () => (
  <div role="status" aria-label="Loading" className="space-y-2">
    {[0, 1].map((each) => <div key={each} className="card h-20 animate-pulse" />)}
  </div>
);

const HINTS: Record<string, string> = {
  Spec: "New tasks begin here: an agent writes down what is to be done.",
  Plan: "An approved spec is cut into workstreams.",
  Work: "Agents work side by side.",
  Review: "Finished work waits for your judgement.",
  Done: "Landed work, and what was given up.",
};
