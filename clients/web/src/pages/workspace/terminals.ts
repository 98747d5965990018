import { maestro } from "@/api/clients";
import { newRequestId } from "@/api/requestId";
import { close, forgetSession, open } from "@/state/local";
import { getLocal, updateLocal } from "@/state/useLocal";
import { sessionKey } from "@/store/project";
import type { ProjectStore } from "@/store/projectStore";
import { complain } from "@/ui/toasts";
import { SessionStatus, type Task } from "@gen/podium/tasks/v1/task_pb";

/** "Work on task": a session that holds the task, and a terminal of this browser for it. The session's id. */
export async function workOn(store: ProjectStore, task: Task): Promise<string> {
  const answer = await maestro.createSession({
    projectId: store.projectId, requestId: newRequestId(), taskIds: [task.id], name: `#${task.number} ${task.title}`.slice(0, 80), agent: "terminal", status: SessionStatus.WORKING,
  });
  store.absorb(answer);
  const sessionId = answer.session?.id ?? "";
  updateLocal((state) => open(state, { id: sessionId, projectId: store.projectId, sessionId }));
  return sessionId;
}

/** A closed terminal closes its session: the tasks' counts drop with the stream's change. */
export async function closeTerminal(store: ProjectStore, sessionId: string): Promise<void> {
  try {
    await maestro.deleteSession({ projectId: store.projectId, sessionId, requestId: newRequestId() });
    updateLocal((state) => forgetSession(state, sessionId));
  } catch (error) {
    complain(error);
  }
}

/** A session that was deleted elsewhere takes its terminal along. */
export function forgetWhenGone(store: ProjectStore, sessionId: string): () => void {
  return store.subscribe(sessionKey(sessionId), () => {
    if (store.state.gone.has(sessionId)) updateLocal((state) => forgetSession(state, sessionId));
  });
}

export const isTerminal = (sessionId: string): boolean => getLocal().terminals.some((each) => each.sessionId === sessionId);

export const detach = (sessionId: string): void => updateLocal((state) => close(state, sessionId));
