import { ChecklistState, WorkstreamStatus, type Workstream } from "@gen/podium/pods/v1/pod_pb";
import { workstreamWord } from "@/lib/words";
import { Chip } from "@/ui/Chip";

export function WorkstreamRow({ workstream, chosen = false, onOpen }: { workstream: Workstream; chosen?: boolean; onOpen: () => void }) {
  const { text, tone } = workstreamWord(workstream.status);
  const done = workstream.checklist.filter((item) => item.state === ChecklistState.DONE).length;
  return (
    <button type="button" data-row onClick={onOpen} aria-pressed={chosen} data-testid={`workstream-${workstream.id}`}
      className={`row flex w-full items-center gap-3 px-2 py-1.5 text-left ${chosen ? "bg-accent-soft" : ""}`}>
      <span className="w-20 shrink-0"><Chip tone={tone} dot>{text}</Chip></span>
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{workstream.title}</span>
        <span className="block truncate text-faint">{say(workstream)}</span>
      </span>
      {workstream.checklist.length > 0 && <span className="text-faint" title="Checklist">{done}/{workstream.checklist.length}</span>}
      {workstream.attempts.length > 1 && <span className="text-faint" title="Attempts">{workstream.attempts.length}×</span>}
    </button>
  );
}

/** One line on why it stands where it stands. */
export function say(workstream: Workstream): string {
  if (workstream.status === WorkstreamStatus.BLOCKED) return `Blocked: ${workstream.blockedOn.join(", ")} did not finish`;
  if (workstream.status === WorkstreamStatus.PENDING && workstream.blockedOn.length) return `Waits for ${workstream.blockedOn.join(", ")}`;
  if (workstream.status === WorkstreamStatus.COMPLETED) return workstream.resultSummary || "Merged";
  return workstream.reason || workstream.progress || (workstream.dependencies.length ? `after ${workstream.dependencies.join(", ")}` : workstream.id);
}
