import { useState } from "react";
import { AgentStatus, ChecklistState, WorkstreamStatus, type Workstream } from "@gen/podium/pods/v1/pod_pb";
import { workstreamWord } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { IconButton } from "@/ui/IconButton";
import { Markdown } from "@/ui/Markdown";
import { Notice } from "@/ui/Notice";
import { Since } from "@/ui/Since";
import { useAction } from "@/ui/useAction";
import { ReasonModal } from "../ReasonModal";
import { usePodView } from "../PodContext";
import { Attempts } from "./Attempts";
import { say } from "./WorkstreamRow";

const MARKS: Record<number, string> = { [ChecklistState.DONE]: "✓", [ChecklistState.DOING]: "▸", [ChecklistState.BLOCKED]: "!" };
const S = WorkstreamStatus;

export function WorkstreamDetail({ workstream, onClose }: { workstream: Workstream; onClose: () => void }) {
  const { actions, past } = usePodView();
  const [asking, setAsking] = useState<"retry" | "skip" | "cancel" | null>(null);
  const [busy, run] = useAction();
  const { text, tone } = workstreamWord(workstream.status);
  const { id, status } = workstream;
  // An interrupted attempt keeps its workstream until a person decides.
  const held = status === S.IN_PROGRESS && workstream.attempts.at(-1)?.outcome === AgentStatus.INTERRUPTED;
  const over = status === S.COMPLETED || status === S.SKIPPED || status === S.CANCELLED;
  return (
    <section aria-label={workstream.title} className="card min-w-0 space-y-4 p-4">
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
      {!past && !over && (
        <div className="flex flex-wrap gap-2">
          {status === S.READY && <Button small disabled={busy} onClick={() => void run(() => actions.startWorkstream(id))}>Start now</Button>}
          {(status === S.FAILED || held) && <Button small onClick={() => setAsking("retry")}>Try again…</Button>}
          <Button small onClick={() => setAsking("skip")}>Skip…</Button>
          <Button small kind="danger" onClick={() => setAsking("cancel")}>Cancel…</Button>
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
      <ReasonModal open={asking === "retry"} onClose={() => setAsking(null)} title="Try again?" verb="Try again" description="Fresh attempts, with your advice." placeholder="Advice (optional)" act={(words) => actions.retryWorkstream(id, words)} />
      <ReasonModal open={asking === "skip"} onClose={() => setAsking(null)} title="Go on without it?" verb="Skip" description="What depends on it may start." placeholder="Why" act={(words) => actions.skipWorkstream(id, words)} />
      <ReasonModal open={asking === "cancel"} onClose={() => setAsking(null)} title="Cancel this workstream?" verb="Cancel it" danger description="What depends on it is blocked." placeholder="Why" act={(words) => actions.cancelWorkstream(id, words)} />
    </section>
  );
}
