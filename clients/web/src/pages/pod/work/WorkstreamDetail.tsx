import { useEffect, useRef } from "react";
import { ActionButton } from "@/actions/ActionButton";
import { ActionMenu } from "@/actions/ActionMenu";
import { workstreamActions } from "@/actions/workstreams";
import { ChecklistState, WorkstreamStatus, type Workstream } from "@gen/podium/pods/v1/pod_pb";
import { isFinished, workstreamWord } from "@/lib/words";
import { Chip } from "@/ui/Chip";
import { IconButton } from "@/ui/IconButton";
import { Markdown } from "@/ui/Markdown";
import { Notice } from "@/ui/Notice";
import { Since } from "@/ui/Since";
import { usePodView } from "../PodContext";
import { Attempts } from "./Attempts";
import { say } from "./WorkstreamRow";

const MARKS: Record<number, string> = { [ChecklistState.DONE]: "✓", [ChecklistState.DOING]: "▸", [ChecklistState.BLOCKED]: "!" };
const S = WorkstreamStatus;
/** The others stand behind the dots. */
const SHOWN = ["StartWorkstream", "RetryWorkstream", "SkipWorkstream", "UpdateWorkstream"];

export function WorkstreamDetail({ workstream, onClose }: { workstream: Workstream; onClose: () => void }) {
  const { pod, past } = usePodView();
  const { text, tone } = workstreamWord(workstream.status);
  const { id, status } = workstream;
  const place = useRef<HTMLElement>(null);
  // Below the list where there is no room beside it.
  useEffect(() => {
    place.current?.scrollIntoView({ block: "nearest" });
  }, [id]);
  const actions = isFinished(pod.phase) ? [] : workstreamActions(pod, workstream, false);
  return (
    <section ref={place} aria-label={workstream.title} className="card scroll-m-4 min-w-0 space-y-4 p-4">
      <div className="flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <h2 className="font-semibold">{workstream.title}</h2>
          <p className="mt-1 flex flex-wrap items-center gap-2"><Chip tone={tone} dot>{text}</Chip><code className="font-mono text-xs text-faint">{id}</code></p>
        </div>
        <IconButton icon="x" label="Close" onClick={onClose} className="-mt-1 -mr-1" />
      </div>
      {status !== S.COMPLETED && <p className="text-muted">{say(workstream)}</p>}
      {workstream.resultSummary && <p>{workstream.resultSummary}</p>}
      {workstream.nextRetryTime && status === S.READY && <Notice tone="wait">The next attempt comes in <Since time={workstream.nextRetryTime} until /></Notice>}
      {!past && actions.length > 0 && (
        <div className="flex flex-wrap items-center gap-2">
          {SHOWN.map((rpc) => <ActionButton key={rpc} small action={actions.find((each) => each.rpc === `PodService.${rpc}`)} />)}
          <ActionMenu small label="More about this workstream" actions={actions.filter((each) => !SHOWN.some((rpc) => each.rpc === `PodService.${rpc}`))} />
        </div>
      )}
      {workstream.checklist.length > 0 && (
        <ul className="space-y-1">
          {workstream.checklist.map((item) => (
            <li key={item.text} className={`flex gap-2 ${item.state === ChecklistState.DONE ? "text-faint" : ""}`}><span aria-hidden="true" className="w-3 text-accent-text">{MARKS[item.state] ?? "·"}</span>{item.text}</li>
          ))}
        </ul>
      )}
      <Attempts workstream={workstream} />
      {workstream.feedback && <div><h3 className="eyebrow mb-1">For the next attempt</h3><Markdown>{workstream.feedback}</Markdown></div>}
      <div><h3 className="eyebrow mb-1">What is to be done</h3><Markdown>{workstream.spec}</Markdown></div>
      {workstream.integrationCommit && <p className="text-faint">Merged as <code className="font-mono">{workstream.integrationCommit.slice(0, 12)}</code></p>}
    </section>
  );
}
