import { lazy, Suspense, useState } from "react";
import { Empty } from "@/ui/Empty";
import { IconButton } from "@/ui/IconButton";
import { usePodView } from "../PodContext";
import { usePodSearch } from "../usePodSearch";
import { WorkstreamDetail } from "./WorkstreamDetail";
import { WorkstreamRow } from "./WorkstreamRow";

const Graph = lazy(() => import("./Graph"));

export function WorkTab() {
  const { pod } = usePodView();
  const [{ of }, setSearch] = usePodSearch();
  const [asked, setAsked] = useState<boolean>();
  // Until somebody chooses: the workstreams may come while the page is open.
  const list = asked ?? (window.innerWidth < 768 || pod.workstreams.length < 2);
  const workstreams = [...pod.workstreams].sort((a, b) => a.position - b.position);
  const chosen = workstreams.find((each) => each.id === of);
  const choose = (id: string) => setSearch({ of: id === of ? undefined : id });
  if (workstreams.length === 0) {
    return <Empty icon="graph" title="No workstreams yet">They come from the approved plan: each is done by one agent in a branch of its own, and waits for those it depends on.</Empty>;
  }
  return (
    <div className={`grid items-start gap-4 ${chosen ? "@4xl:grid-cols-[minmax(0,1fr)_420px]" : ""}`}>
      <section aria-label="Workstreams" className="card min-w-0 overflow-hidden">
        <div className="flex items-center border-b border-line px-3 py-1">
          <h2 className="flex-1 font-semibold">{list ? "Workstreams" : "What waits for what"}</h2>
          <IconButton icon="graph" label="As a graph" aria-pressed={!list} className={list ? "" : "bg-sunken text-ink"} onClick={() => setAsked(false)} />
          <IconButton icon="list" label="As a list" aria-pressed={list} className={list ? "bg-sunken text-ink" : ""} onClick={() => setAsked(true)} />
        </div>
        {list ? (
          <div data-rows className="p-2">{workstreams.map((each) => <WorkstreamRow key={each.id} workstream={each} chosen={each.id === of} onOpen={() => choose(each.id)} />)}</div>
        ) : (
          <Suspense fallback={<p role="status" className="p-6 text-faint">Drawing…</p>}><Graph workstreams={workstreams} chosen={of ?? ""} onChoose={choose} /></Suspense>
        )}
      </section>
      {chosen && <WorkstreamDetail workstream={chosen} onClose={() => setSearch({ of: undefined })} />}
    </div>
  );
}
