import { maestro } from "@/api/clients";
import { reasonOf } from "@/api/errors";
import { newRequestId } from "@/api/requestId";
import { close, forgetSession, open } from "@/state/local";
import { getLocal, updateLocal } from "@/state/useLocal";
import { sessionKey } from "@/store/project";
import type { ProjectStore } from "@/store/projectStore";
import { complain } from "@/ui/toasts";
import type { Task } from "@gen/podium/tasks/v1/task_pb";

/** What a terminal begins with, until a view says how much room it has. */
const ROWS = 30;
const COLUMNS = 110;

/** "Work on task": a session that holds the task, its process in a terminal on a runner, and a terminal of this browser for it. */
export async function workOn(store: ProjectStore, task: Task, how: { agent?: string; command?: string[] } = {}): Promise<string> {
  const answer = await maestro.spawnSession({
    projectId: store.projectId, requestId: newRequestId(), taskIds: [task.id], name: `#${task.number} ${task.title}`.slice(0, 80), rows: ROWS, columns: COLUMNS, ...how,
  });
  store.absorb(answer);
  const sessionId = answer.session?.id ?? "";
  updateLocal((state) => open(state, { id: sessionId, projectId: store.projectId, sessionId }));
  return sessionId;
}

/** A closed terminal closes its session: one change ends the process and drops the tasks' counts. */
export async function closeTerminal(store: ProjectStore, sessionId: string): Promise<void> {
  try {
    const requestId = newRequestId();
    await store.removeSession(sessionId, requestId, () => maestro.closeSession({ projectId: store.projectId, sessionId, requestId }));
    updateLocal((state) => forgetSession(state, sessionId));
  } catch (error) {
    // Gone already, by another hand: so is its terminal.
    if (reasonOf(error) === "SESSION_NOT_FOUND") updateLocal((state) => forgetSession(state, sessionId));
    else complain(error);
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
