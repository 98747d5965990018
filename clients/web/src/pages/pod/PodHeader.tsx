import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Phase } from "@gen/podium/pods/v1/pod_pb";
import { ActionButton } from "@/actions/ActionButton";
import type { Action } from "@/actions/action";
import { projects } from "@/api/queries";
import { cost } from "@/lib/words";
import { Chip } from "@/ui/Chip";
import { Dot } from "@/ui/Dot";
import { PhaseBar } from "./PhaseBar";
import { PodMenu } from "./PodMenu";
import { usePodView } from "./PodContext";

export function PodHeader({ beside }: { beside: readonly Action[] }) {
  const { pod, past } = usePodView();
  const running = pod.liveAgents.length;
  const { data: project } = useQuery({ ...projects, select: (list) => list.find((each) => each.id === pod.projectId)?.name });
  return (
    <header className="border-b border-line bg-surface px-4 pt-3 pb-3">
      <div className="flex flex-wrap items-start justify-end gap-x-3 gap-y-2">
        <div className={`min-w-0 flex-1 ${beside.length > 0 ? "basis-64" : ""}`}>
          <h1 className="text-[17px] leading-snug font-semibold tracking-tight break-words"><span className="text-faint">#{String(pod.number)}</span> {pod.title}</h1>
          <p className="mt-0.5 flex flex-wrap items-center gap-x-3 gap-y-1 text-faint">
            <Link to="/project/$projectId" params={{ projectId: pod.projectId }} search={{ task: pod.podId }} className="truncate hover:text-ink hover:underline" title={pod.repository?.location}>
              {project ?? pod.repository?.location.split("/").at(-1)}
              {pod.repository?.baseBranch && <> · {pod.repository.baseBranch}</>}
            </Link>
            {running > 0 && <span className="flex items-center gap-1.5 text-live"><Dot tone="active" />{running} {running === 1 ? "agent" : "agents"} at work</span>}
            {cost(pod.usage) && <span title="Used so far">{cost(pod.usage)}</span>}
            {pod.phase === Phase.CANCELLED && <Chip tone="muted">Cancelled{pod.closingReason && `: ${pod.closingReason}`}</Chip>}
            <span title="Revision of the pod">rev {String(pod.revision)}</span>
          </p>
        </div>
        <ActionButton action={beside[0]} text="Work on task" />
        {!past && <PodMenu more={beside.slice(1)} />}
      </div>
      <PhaseBar />
    </header>
  );
}
