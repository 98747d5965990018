import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState, type FormEvent } from "react";
import { maestro } from "@/api/clients";
import { newRequestId } from "@/api/requestId";
import { clock } from "@/lib/time";
import { sessionWord } from "@/lib/words";
import { SESSIONS } from "@/store/project";
import type { ProjectStore } from "@/store/projectStore";
import { useKey, useSession } from "@/store/useProject";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { Empty } from "@/ui/Empty";
import { Notice } from "@/ui/Notice";
import { Since } from "@/ui/Since";
import { useAction } from "@/ui/useAction";
import { SessionOrigin, SessionStatus, TimelineKind } from "@gen/podium/tasks/v1/task_pb";
import { closeTerminal, forgetWhenGone, isTerminal } from "./terminals";
import { SessionTasks } from "./SessionTasks";

const Transcript = lazy(() => import("@/pages/transcript/Transcript"));

export function SessionView({ store, sessionId }: { store: ProjectStore; sessionId: string }) {
  const session = useSession(store, sessionId);
  const state = useKey(store, SESSIONS);
  useEffect(() => forgetWhenGone(store, sessionId), [store, sessionId]);
  if (!session) return state.fetched.has(SESSIONS) ? <Empty icon="terminal" title="This session is gone">Its terminal was closed, here or elsewhere.</Empty> : <p role="status" className="p-6 text-faint">Loading…</p>;
  const { text, tone } = sessionWord(session.status);
  const over = session.status >= SessionStatus.COMPLETED;
  const ofPod = session.origin === SessionOrigin.POD;
  return (
    <article className="space-y-4 p-4">
      <header className="flex flex-wrap items-center gap-3">
        <h1 className="min-w-0 flex-1 text-[17px] font-semibold">{session.name || session.agent}</h1>
        <Chip tone={tone} dot>{text}</Chip>
        {ofPod && <Link to="/pod/$podId" params={{ podId: session.podId }} search={{ tab: "agents", of: sessionId }} className="font-medium text-accent-text hover:underline">Its pod</Link>}
        {!ofPod && <Button kind="danger" onClick={() => void closeTerminal(store, sessionId)}>{isTerminal(sessionId) ? "Close terminal" : "Delete session"}</Button>}
      </header>
      <p className="text-faint">{session.agent} · began <Since time={session.startedTime} /> ago{session.exitReason && ` · ${session.exitReason}`}</p>
      {session.needsInput?.active && <Notice tone="wait">Waits for you: {session.needsInput.message || "input"}</Notice>}
      <section className="card p-2"><h2 className="px-2 py-1 font-semibold">Tasks</h2><SessionTasks store={store} sessionId={sessionId} taskIds={session.taskIds} /></section>
      <section className="card overflow-hidden"><Suspense fallback={<div className="h-64" />}><Transcript sessionId={sessionId} live={!over} /></Suspense></section>
      <section className="card p-4">
        <h2 className="mb-2 font-semibold">Timeline</h2>
        <ol className="space-y-1.5">
          {session.timeline.toReversed().map((entry) => (
            <li key={entry.id} className="flex gap-3"><time className="shrink-0 font-mono text-[11px] leading-5 text-faint">{clock(entry.time)}</time><span className="min-w-0 break-words">{entry.text}</span></li>
          ))}
        </ol>
        {!over && !ofPod && <Note projectId={store.projectId} sessionId={sessionId} />}
      </section>
    </article>
  );
}

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
