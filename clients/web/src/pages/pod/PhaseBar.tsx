import { Phase } from "@gen/podium/pods/v1/pod_pb";
import { PHASES } from "@/lib/words";
import { Icon } from "@/ui/Icon";
import { usePodView } from "./PodContext";

export function PhaseBar() {
  const { pod } = usePodView();
  const cancelled = pod.phase === Phase.CANCELLED;
  const now = cancelled ? -1 : PHASES.findIndex(({ phase }) => phase === pod.phase);
  const landed = pod.phase === Phase.COMPLETED;
  return (
    <ol aria-label="Phases" data-testid="phases" data-phase={Phase[pod.phase]} className="mt-3 grid grid-cols-5 gap-1.5">
      {PHASES.map(({ phase, text }, index) => {
        const done = index < now || landed;
        const current = index === now && !landed;
        return (
          <li key={phase} aria-current={current ? "step" : undefined} className="min-w-0">
            <div className={`h-1 rounded-full ${done ? "bg-good" : current ? "bg-accent" : "bg-line"}`} />
            <span className={`mt-1 flex items-center gap-1 truncate text-xs ${current ? "font-semibold text-ink" : done ? "text-muted" : "text-faint"}`}>
              {done && <Icon name="check" size={12} className="text-good" />}
              {phase === Phase.COMPLETED && landed && !pod.review?.landedCommit ? "Completed" : text}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
