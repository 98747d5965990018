import { useState, type FormEvent } from "react";
import { maestro } from "@/api/clients";
import { newRequestId } from "@/api/requestId";
import { clock } from "@/lib/time";
import type { ProjectStore } from "@/store/projectStore";
import { Button } from "@/ui/Button";
import { useAction } from "@/ui/useAction";
import { SessionOrigin, SessionStatus, TimelineKind, type Session } from "@gen/podium/tasks/v1/task_pb";
import { SessionTasks } from "./SessionTasks";

/** The tasks that a session holds, and what happened in it. */
export function SessionDetails({ store, session }: { store: ProjectStore; session: Session }) {
  const over = session.status >= SessionStatus.COMPLETED;
  return (
    <div className="space-y-4">
      <section className="card p-2"><h2 className="px-2 py-1 font-semibold">Tasks</h2><SessionTasks store={store} sessionId={session.id} taskIds={session.taskIds} /></section>
      <section className="card p-4">
        <h2 className="mb-2 font-semibold">Timeline</h2>
        {session.timeline.length === 0 && <p className="text-faint">Nothing yet.</p>}
        <ol className="space-y-1.5">
          {session.timeline.toReversed().map((entry) => (
            <li key={entry.id} className="flex gap-3"><time className="shrink-0 font-mono text-[11px] leading-5 text-faint">{clock(entry.time)}</time><span className="min-w-0 break-words">{entry.text || EMPTY[entry.kind] || ""}</span></li>
          ))}
        </ol>
        {!over && session.origin !== SessionOrigin.POD && <Note projectId={store.projectId} sessionId={session.id} />}
      </section>
    </div>
  );
}

/** What entries without words say. */
const EMPTY: Record<number, string> = {
  [TimelineKind.STARTED]: "begun",
  [TimelineKind.STATUS]: "status changed",
  [TimelineKind.TASK_ADDED]: "a task was put in",
  [TimelineKind.TASK_REMOVED]: "a task was taken out",
  [TimelineKind.NEEDS_INPUT]: "waits for input",
};

function Note({ projectId, sessionId }: { projectId: string; sessionId: string }) {
  const [text, setText] = useState("");
  const [busy, run] = useAction();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await run(() => maestro.appendTimeline({ projectId, sessionId, requestId: newRequestId(), kind: TimelineKind.NOTE, text: text.trim() }))) setText("");
  };
  return (
    <form onSubmit={submit} className="mt-3 flex gap-2">
      <input aria-label="Note" className="field" placeholder="Note how it goes…" value={text} onChange={(event) => setText(event.target.value)} />
      <Button type="submit" disabled={busy || !text.trim()}>Note</Button>
    </form>
  );
}
