import { num } from "@/lib/numbers";
import { useCallback, useEffect, useSyncExternalStore } from "react";
import type { Session, Task } from "@gen/podium/tasks/v1/task_pb";
import { type ProjectState, sessionKey, taskKey } from "./project";
import { ProjectStore } from "./projectStore";

const stores = new Map<string, { store: ProjectStore; users: number; stop: () => void }>();

/** The store of a project; one for the page, watched as long as somebody uses it. */
export function projectStore(projectId: string): ProjectStore {
  let held = stores.get(projectId);
  if (!held) {
    held = { store: new ProjectStore(projectId), users: 0, stop: () => undefined };
    stores.set(projectId, held);
  }
  return held.store;
}

export function useProjectStore(projectId: string): ProjectStore {
  const store = projectStore(projectId);
  useEffect(() => {
    const held = stores.get(projectId);
    if (!held) return undefined;
    held.users += 1;
    if (held.users === 1) held.stop = held.store.watch();
    return () => {
      held.users -= 1;
      if (held.users > 0) return;
      held.stop();
      // Unwatched caches grow stale: the next visit begins anew.
      stores.delete(projectId);
    };
  }, [projectId, store]);
  return store;
}

export function useTask(store: ProjectStore, id: string): Task | undefined {
  const subscribe = useCallback((listener: () => void) => store.subscribe(taskKey(id), listener), [store, id]);
  return useSyncExternalStore(subscribe, () => store.state.tasks.get(id)?.value);
}

/** A task's number, which never changes: a view of it does not render for what else changes. 0: not known yet. */
export function useTaskNumber(store: ProjectStore, id: string): number {
  const subscribe = useCallback((listener: () => void) => store.subscribe(taskKey(id), listener), [store, id]);
  return useSyncExternalStore(subscribe, () => num(store.state.tasks.get(id)?.value.number));
}

export function useSession(store: ProjectStore, id: string): Session | undefined {
  const subscribe = useCallback((listener: () => void) => store.subscribe(sessionKey(id), listener), [store, id]);
  return useSyncExternalStore(subscribe, () => store.state.sessions.get(id)?.value);
}

/** The state, as of the last time that the views of `key` were told. */
export function useKey(store: ProjectStore, key: string): ProjectState {
  const subscribe = useCallback((listener: () => void) => store.subscribe(key, listener), [store, key]);
  useSyncExternalStore(subscribe, () => store.version(key));
  return store.state;
}

/** Fetches a list when it is shown and not fresh, and keeps it so. */
export function useShown(store: ProjectStore, key: string, shown = true): void {
  useEffect(() => (shown ? store.show(key) : undefined), [store, key, shown]);
}
