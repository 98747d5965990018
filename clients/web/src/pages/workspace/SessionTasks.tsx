import { Link } from "@tanstack/react-router";
import { taskWord } from "@/lib/words";
import { listKey, sessionKey } from "@/store/project";
import type { ProjectStore } from "@/store/projectStore";
import { useKey, useShown, useTask } from "@/store/useProject";
import { Dot } from "@/ui/Dot";

/** The tasks of an expanded session: fetched now, kept by the stream. */
export function SessionTasks({ store, sessionId, taskIds }: { store: ProjectStore; sessionId: string; taskIds: readonly string[] }) {
  const key = listKey(sessionKey(sessionId));
  useShown(store, key);
  const state = useKey(store, key);
  const error = state.errors.get(key);
  if (error) return <p role="alert" className="py-1 pl-9 text-bad">{error}</p>;
  if (!state.fetched.has(key)) return <p role="status" className="py-1 pl-9 text-faint">Loading…</p>;
  if (taskIds.length === 0) return <p className="py-1 pl-9 text-faint">It holds no task.</p>;
  return <ul aria-label="Tasks" className="pb-1 pl-8">{taskIds.map((id) => <HeldTask key={id} store={store} taskId={id} />)}</ul>;
}

function HeldTask({ store, taskId }: { store: ProjectStore; taskId: string }) {
  const task = useTask(store, taskId);
  if (!task) return null;
  return (
    <li className="row px-2">
      <Link to="." data-row search={{ task: taskId }} className="flex items-center gap-2 py-1"><Dot tone={taskWord(task.status).tone} /><span className="truncate">#{String(task.number)} {task.title}</span></Link>
    </li>
  );
}
