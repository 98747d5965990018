import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState } from "react";
import { clock } from "@/lib/time";
import { num } from "@/lib/numbers";
import { Button } from "@/ui/Button";
import { usePodView } from "../PodContext";
import { usePodSearch } from "../usePodSearch";
import { describe } from "./describe";
import { useEvents } from "./useEvents";

const ROW_PX = 34;

/** Everything that ever happened to the pod, newest first; each line leads to how the pod was then. */
export function EventsTab() {
  const { pod } = usePodView();
  const [, setSearch] = usePodSearch();
  const [text, setText] = useState("");
  const { events, more, loadMore, loading } = useEvents(pod.podId, num(pod.revision));
  const scroller = useRef<HTMLDivElement>(null);
  const described = events.map((event) => ({ event, ...describe(event.fact) }));
  const wanted = text.toLowerCase();
  const shown = described.filter((each) => `${each.title} ${each.name} ${each.event.actor}`.toLowerCase().includes(wanted));
  const rows = useVirtualizer({ count: shown.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_PX, overscan: 12 });
  return (
    <section aria-label="Events" data-rows className="card overflow-hidden">
      <div className="flex items-center gap-2 border-b border-line p-2">
        <input data-search aria-label="Filter events" className="field max-w-72" placeholder="Filter by words, kind or actor" value={text} onChange={(event) => setText(event.target.value)} />
        <span className="whitespace-nowrap text-faint">{shown.length} {more ? "loaded" : "in all"}</span>
        {more && <Button small disabled={loading} onClick={loadMore}>Older</Button>}
      </div>
      <div ref={scroller} tabIndex={0} role="region" aria-label="List of events" className="h-[62vh] overflow-y-auto">
        {shown.length === 0 && !loading && <p className="p-6 text-center text-faint">{text ? `No event says “${text}”${more ? " among those loaded: “Older” loads more" : ""}.` : "Nothing had happened yet."}</p>}
        <ul style={{ height: rows.getTotalSize() }} className="relative">
          {rows.getVirtualItems().map((row) => {
            const each = shown[row.index];
            if (!each) return null;
            return (
              <li key={String(each.event.revision)} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${row.start}px)`, height: ROW_PX }}>
                <button type="button" data-row onClick={() => setSearch({ at: num(each.event.revision) })} title={[each.name, each.detail, each.event.requestId].filter(Boolean).join("\n")}
                  className="flex h-full w-full items-center gap-3 border-b border-line px-3 text-left hover:bg-sunken">
                  <span className="w-10 shrink-0 text-right font-mono text-[11px] text-faint">{String(each.event.revision)}</span>
                  <span className="w-16 shrink-0 font-mono text-[11px] text-faint">{clock(each.event.time)}</span>
                  <span className="min-w-0 flex-1 truncate">{each.title}{each.detail && <span className="text-faint"> · {each.detail}</span>}</span>
                  <span className="hidden w-40 shrink-0 truncate text-right text-faint @2xl:block">{each.event.actor.replace(/^user:/, "")}</span>
                  <span className="hidden w-28 shrink-0 truncate font-mono text-[11px] text-faint @4xl:block" title="The request that caused it">{each.event.requestId ? `${each.event.requestId.slice(0, 14)}` : "by itself"}</span>
                </button>
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}
