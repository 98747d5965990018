import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Phase } from "@gen/podium/pods/v1/pod_pb";
import { projects } from "@/api/queries";
import { cost, isFinished, waits } from "@/lib/words";
import { usePodSummary } from "@/store/boardStore";
import { Chip } from "@/ui/Chip";
import { Dot } from "@/ui/Dot";
import { Progress } from "@/ui/Progress";
import { Since } from "@/ui/Since";

/** One pod; renders when that pod changes, and only then. */
export function PodCard({ podId }: { podId: string }) {
  const pod = usePodSummary(podId);
  const { data: names } = useQuery({ ...projects, select: (list) => (list.length > 1 ? new Map(list.map((each) => [each.id, each.name])) : null) });
  if (!pod) return null;
  const finished = isFinished(pod.phase);
  const waiting = finished ? "" : (pod.waitingOn[0]?.text ?? "");
  const wants = !finished && pod.attention > 0;
  return (
    <Link to="/pod/$podId" params={{ podId }} data-row data-testid={`card-${podId}`}
      className={`card block px-2.5 py-2.5 transition-colors hover:border-strong ${wants ? "border-l-2 border-l-accent" : ""} ${pod.phase === Phase.CANCELLED ? "opacity-80" : ""}`}>
      <span className="line-clamp-3 font-medium leading-snug"><span className="text-faint">#{String(pod.number)}</span> {pod.title}</span>
      {waiting && <p className="mt-1 line-clamp-2 text-muted" title={waiting}>{waits(waiting)}</p>}
      {pod.workstreamsTotal > 0 && (
        <div className="mt-2 flex items-center gap-2">
          <Progress done={pod.workstreamsDone} total={pod.workstreamsTotal} label="Workstreams done" />
          <span className="text-faint whitespace-nowrap">{pod.workstreamsDone}/{pod.workstreamsTotal}</span>
        </div>
      )}
      <div className="mt-2 flex flex-wrap items-center gap-x-2 gap-y-1 text-[11px] text-faint">
        {wants && <Chip tone="wait">Wants you</Chip>}
        {pod.blocked && !wants && <Chip tone="bad">Blocked</Chip>}
        {pod.phase === Phase.CANCELLED && <Chip tone="muted">Cancelled</Chip>}
        {pod.agentsRunning > 0 && <span className="flex items-center gap-1.5 text-live"><Dot tone="active" />{pod.agentsRunning} {pod.agentsRunning === 1 ? "agent" : "agents"}</span>}
        {names?.get(pod.projectId) && <span className="min-w-0 max-w-24 truncate">{names.get(pod.projectId)}</span>}
        {cost(pod.usage) && <span>{cost(pod.usage)}</span>}
        <span className="ml-auto whitespace-nowrap" title="Last change"><Since time={pod.updatedTime} /></span>
      </div>
    </Link>
  );
}
