import { listKey, taskKey } from "@/store/project";
import type { ProjectStore } from "@/store/projectStore";
import { useKey, useShown } from "@/store/useProject";
import { Notice } from "@/ui/Notice";
import { LinkedSession } from "./LinkedSession";

/** The sessions of an expanded task: fetched now, kept by the stream. */
export function TaskSessions({ store, taskId, sessionIds }: { store: ProjectStore; taskId: string; sessionIds: readonly string[] }) {
  const key = listKey(taskKey(taskId));
  useShown(store, key);
  const state = useKey(store, key);
  const error = state.errors.get(key);
  if (error) return <div className="py-1 pl-8"><Notice tone="bad">{error}</Notice></div>;
  if (!state.fetched.has(key)) return <p role="status" className="py-1 pl-9 text-faint">Loading…</p>;
  if (sessionIds.length === 0) return <p className="py-1 pl-9 text-faint">No session works on it.</p>;
  return (
    <ul aria-label="Sessions" className="pb-1 pl-7">
      {sessionIds.map((id) => <LinkedSession key={id} store={store} taskId={taskId} sessionId={id} />)}
    </ul>
  );
}
