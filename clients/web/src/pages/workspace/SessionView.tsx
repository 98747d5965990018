import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { ActionMenu } from "@/actions/ActionMenu";
import { sessionActions } from "@/actions/tasks";
import { go } from "@/app/go";
import { sessionWord } from "@/lib/words";
import { activate } from "@/state/local";
import { updateLocal } from "@/state/useLocal";
import { SESSIONS } from "@/store/project";
import type { ProjectStore } from "@/store/projectStore";
import { useKey, useSession, useTask } from "@/store/useProject";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { Empty } from "@/ui/Empty";
import { Notice } from "@/ui/Notice";
import { Since } from "@/ui/Since";
import { SessionOrigin, SessionStatus, type Session } from "@gen/podium/tasks/v1/task_pb";
import { SessionDetails } from "./SessionDetails";
import { closeTerminal, forgetWhenGone, isTerminal } from "./terminals";

const Transcript = lazy(() => import("@/pages/transcript/Transcript"));
const TerminalView = lazy(() => import("@/terminal/TerminalView"));

/** A session: its terminal where a runner has one for it, else what it wrote; its tasks and timeline beside it. */
export function SessionView({ store, sessionId }: { store: ProjectStore; sessionId: string }) {
  const session = useSession(store, sessionId);
  const state = useKey(store, SESSIONS);
  const spawned = Boolean(session?.jobId);
  const [details, setDetails] = useState(false);
  useEffect(() => forgetWhenGone(store, sessionId), [store, sessionId]);
  useEffect(() => {
    if (isTerminal(sessionId)) updateLocal((local) => activate(local, sessionId));
  }, [sessionId]);
  if (!session) return state.fetched.has(SESSIONS) ? <Empty icon="terminal" page title="This session is gone">Its terminal was closed, here or elsewhere. “Work on task” opens a new one.</Empty> : <p role="status" className="p-6 text-faint">Loading…</p>;
  const over = session.status >= SessionStatus.COMPLETED;
  return (
    <article className="flex h-full min-h-96 flex-col">
      <Header store={store} session={session} details={details} onDetails={spawned ? () => setDetails(!details) : null} />
      {session.needsInput?.active && <div className="px-4 py-2"><Notice tone="wait">Waits for you: {session.needsInput.message || "input"}</Notice></div>}
      {details && <div className="max-h-[45%] overflow-y-auto border-b border-line p-4"><SessionDetails store={store} session={session} /></div>}
      <Suspense fallback={<div className="flex-1" />}>
        {spawned ? <TerminalView key={sessionId} projectId={store.projectId} sessionId={sessionId} className="flex-1" /> : (
          <div className="space-y-4 p-4">
            <section className="card overflow-hidden"><Transcript sessionId={sessionId} live={!over} /></section>
            <SessionDetails store={store} session={session} />
          </div>
        )}
      </Suspense>
    </article>
  );
}

function Header({ store, session, details, onDetails }: { store: ProjectStore; session: Session; details: boolean; onDetails: (() => void) | null }) {
  const { text, tone } = sessionWord(session.status);
  const ofPod = session.origin === SessionOrigin.POD;
  const spawned = Boolean(session.jobId);
  const close = async () => {
    await closeTerminal(store, session.id);
    const task = session.taskIds[0];
    if (store.state.sessions.has(session.id)) return;
    go({ to: ".", search: () => (task ? { task } : {}) });
  };
  const about = [session.agent || session.command.join(" "), session.exitReason].filter(Boolean).join(" · ");
  return (
    <header className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line bg-surface px-4 py-2.5">
      <div className="min-w-0 flex-1 basis-40">
        <h1 className="truncate text-[15px] font-semibold" title={session.name}>{session.name || session.agent}</h1>
        <p className="flex min-w-0 flex-wrap gap-x-2 text-faint">
          {session.taskIds.slice(0, 3).map((id) => <TaskLink key={id} store={store} taskId={id} />)}
          <span className="truncate">{about && `${about} · `}began <Since time={session.startedTime} /> ago</span>
        </p>
      </div>
      {!spawned && <Chip tone={tone} dot>{text}</Chip>}
      {ofPod && <Link to="/pod/$podId" params={{ podId: session.podId }} search={{ tab: "agents", of: session.id }} className="font-medium text-accent-text hover:underline">Its pod</Link>}
      {onDetails && <Button aria-expanded={details} onClick={onDetails}>Details</Button>}
      {!ofPod && <Button kind="danger" onClick={() => void close()}>{spawned ? "Close terminal" : "Close session"}</Button>}
      <ActionMenu label="More about this session" actions={sessionActions(store, session).filter(({ rpc }) => rpc !== "MaestroService.CloseSession")} />
    </header>
  );
}

/** From a session, and the terminal in it, to what it works on. */
function TaskLink({ store, taskId }: { store: ProjectStore; taskId: string }) {
  const task = useTask(store, taskId);
  if (!task) return null;
  return <Link to="." search={{ task: taskId }} className="max-w-60 truncate text-accent-text hover:underline" title={task.title}>#{String(task.number)} {task.title}</Link>;
}
