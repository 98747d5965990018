import type { Session, Task } from "@gen/podium/tasks/v1/task_pb";
import type { Reduced } from "./keyed";

/** Lists older than this are fetched anew when they are looked at; exactly as old is still fresh. */
export const FRESH_MS = 30_000;

export interface Held<T> {
  value: T;
  revision: number;
}

/** An update shown before the server has confirmed it, and what to go back to. */
interface Overlay {
  task?: Task;
  session?: Session;
  /** Of a session that is being deleted: the tasks that held it, as they were. */
  tasks?: readonly Task[];
  revision?: number;
}

export interface ProjectState {
  /** Changes up to here are applied. */
  revision: number;
  /** Where the watch began, not resumed: what was answered before lacks the changes in between. */
  base: number;
  tasks: ReadonlyMap<string, Held<Task>>;
  sessions: ReadonlyMap<string, Held<Session>>;
  /** Ids that are gone, with the revision: an older answer must not bring them back. */
  gone: ReadonlyMap<string, number>;
  /** When a list was fetched last, by its key. */
  fetched: ReadonlyMap<string, number>;
  /** The revision of that answer. */
  answered: ReadonlyMap<string, number>;
  loading: ReadonlySet<string>;
  errors: ReadonlyMap<string, string>;
  overlays: ReadonlyMap<string, Overlay>;
}

export const emptyProject = (): ProjectState => ({
  revision: 0,
  base: 0,
  tasks: new Map(),
  sessions: new Map(),
  gone: new Map(),
  fetched: new Map(),
  answered: new Map(),
  loading: new Set(),
  errors: new Map(),
  overlays: new Map(),
});

export const TASKS = "list:tasks";
export const SESSIONS = "list:sessions";
export const taskKey = (id: string) => `task:${id}`;
export const sessionKey = (id: string) => `session:${id}`;
export const listKey = (owner: string) => `list:${owner}`;

/** Whole entities of a change or an answer, at one revision. */
export interface Entities {
  tasks?: readonly Task[];
  sessions?: readonly Session[];
  removedTasks?: readonly string[];
  removedSessions?: readonly string[];
}

type Result = Reduced<ProjectState>;

/** A change of the stream. One that was seen is dropped; one that only partly was is applied entity by entity. */
export function applyChange(
  state: ProjectState,
  change: Entities & { from: number; to: number; partial?: boolean; reset?: boolean; requestIds?: readonly string[] },
): Result {
  if (change.to <= state.revision && state.revision > 0) return { state, touched: [] };
  const began = begin(state, change.from);
  const before = change.reset ? { ...emptyProject(), fetched: state.fetched, answered: state.answered, base: began.base } : began;
  const confirmed = confirm(before, change.requestIds ?? []);
  const merged = merge(confirmed.state, change, change.to);
  const touched = [...confirmed.touched, ...merged.touched];
  if (change.reset) touched.push(TASKS, SESSIONS, ...[...state.tasks.keys()].map(taskKey), ...[...state.sessions.keys()].map(sessionKey));
  return { state: change.partial ? merged.state : { ...merged.state, revision: change.to }, touched };
}

/** The watch says: changes up to here are sent. */
export function applyBookmark(state: ProjectState, revision: number): Result {
  const began = begin(state, revision);
  return { state: revision > began.revision ? { ...began, revision } : began, touched: [] };
}

/** The first word of a watch that was not resumed. */
function begin(state: ProjectState, revision: number): ProjectState {
  return state.revision === 0 ? { ...state, base: revision } : state;
}

/** The lists that lack changes: they were answered before the watch began. */
export function uncovered(state: ProjectState): string[] {
  return [...state.answered].filter(([, revision]) => revision < state.base).map(([key]) => key);
}

/** Still shown, but fetched anew when it is looked at. */
export function makeStale(state: ProjectState, key: string): Result {
  return { state: { ...state, fetched: new Map(state.fetched).set(key, -Infinity) }, touched: [] };
}

/** Upserts what is newer than what is held, drops what is removed. */
export function merge(state: ProjectState, entities: Entities, revision: number): Result {
  const touched: string[] = [];
  const tasks = new Map(state.tasks);
  const sessions = new Map(state.sessions);
  const gone = new Map(state.gone);
  for (const task of entities.tasks ?? []) upsert(tasks, gone, task, revision, taskKey, TASKS, touched);
  for (const session of entities.sessions ?? []) upsert(sessions, gone, session, revision, sessionKey, SESSIONS, touched);
  for (const id of entities.removedTasks ?? []) drop(tasks, gone, id, revision, taskKey, TASKS, touched);
  for (const id of entities.removedSessions ?? []) drop(sessions, gone, id, revision, sessionKey, SESSIONS, touched);
  // What is gone is remembered though it was not held: an answer under way may still bring it.
  const isSame = touched.length === 0 && !entities.removedTasks?.length && !entities.removedSessions?.length;
  return { state: isSame ? state : { ...state, tasks, sessions, gone }, touched };
}

function upsert<T extends { id: string }>(
  map: Map<string, Held<T>>,
  gone: Map<string, number>,
  value: T,
  revision: number,
  key: (id: string) => string,
  list: string,
  touched: string[],
): void {
  const held = map.get(value.id);
  if ((held && held.revision >= revision) || (gone.get(value.id) ?? -1) >= revision) return;
  gone.delete(value.id);
  map.set(value.id, { value, revision });
  touched.push(key(value.id));
  if (!held) touched.push(list);
}

function drop<T>(
  map: Map<string, Held<T>>,
  gone: Map<string, number>,
  id: string,
  revision: number,
  key: (id: string) => string,
  list: string,
  touched: string[],
): void {
  gone.set(id, Math.max(revision, gone.get(id) ?? 0));
  if (map.delete(id)) touched.push(key(id), list);
}

export function isFresh(state: ProjectState, key: string, now: number): boolean {
  const at = state.fetched.get(key);
  return at !== undefined && now - at <= FRESH_MS;
}

export function startLoading(state: ProjectState, key: string): Result {
  const errors = new Map(state.errors);
  errors.delete(key);
  return { state: { ...state, loading: new Set(state.loading).add(key), errors }, touched: [key] };
}

/** A whole list came. What the list should hold and the answer does not was removed while we were not looking. */
export function finishLoading(
  state: ProjectState,
  key: string,
  answer: Entities & { revision: number; now: number; isMember?: (kind: "task" | "session", entity: Task | Session) => boolean },
): Result {
  const removed = missing(state, answer);
  const merged = merge(state, { ...answer, ...removed }, answer.revision);
  const loading = new Set(state.loading);
  loading.delete(key);
  const fetched = new Map(state.fetched).set(key, answer.now);
  const answered = new Map(state.answered).set(key, answer.revision);
  return { state: { ...merged.state, loading, fetched, answered }, touched: [...merged.touched, key] };
}

function missing(state: ProjectState, answer: Parameters<typeof finishLoading>[2]): Entities {
  const { isMember } = answer;
  if (!isMember) return {};
  const tasks = new Set(answer.tasks?.map((task) => task.id));
  const sessions = new Set(answer.sessions?.map((session) => session.id));
  const lost = <T extends Task | Session>(kind: "task" | "session", map: ReadonlyMap<string, Held<T>>, kept: Set<string>) =>
    [...map.values()]
      .filter(({ value, revision }) => revision < answer.revision && !kept.has(value.id) && isMember(kind, value))
      .map(({ value }) => value.id);
  return {
    removedTasks: answer.tasks ? lost("task", state.tasks, tasks) : [],
    removedSessions: answer.sessions ? lost("session", state.sessions, sessions) : [],
  };
}

export function failLoading(state: ProjectState, key: string, error: string): Result {
  const loading = new Set(state.loading);
  loading.delete(key);
  return { state: { ...state, loading, errors: new Map(state.errors).set(key, error) }, touched: [key] };
}

/** After a loss that cannot be resumed: nothing held is fresh any more. */
export function expire(state: ProjectState): Result {
  return { state: { ...state, fetched: new Map(), answered: new Map(), revision: 0 }, touched: [...state.fetched.keys()] };
}

/** Shows that a task is out of a session before the server says so. */
export function unlinkOptimistically(state: ProjectState, requestId: string, taskId: string, sessionId: string): Result {
  const task = state.tasks.get(taskId);
  const session = state.sessions.get(sessionId);
  const tasks = new Map(state.tasks);
  const sessions = new Map(state.sessions);
  if (task) {
    const sessionIds = task.value.sessionIds.filter((id) => id !== sessionId);
    tasks.set(taskId, { ...task, value: { ...task.value, sessionIds, sessionCount: sessionIds.length } });
  }
  if (session) {
    const taskIds = session.value.taskIds.filter((id) => id !== taskId);
    sessions.set(sessionId, { ...session, value: { ...session.value, taskIds } });
  }
  const overlays = new Map(state.overlays).set(requestId, { task: task?.value, session: session?.value });
  return { state: { ...state, tasks, sessions, overlays }, touched: [taskKey(taskId), sessionKey(sessionId)] };
}

/** The server refused: the original is back, unless something newer has come meanwhile. */
export function rollback(state: ProjectState, requestId: string, link: { taskId: string; sessionId: string }): Result {
  const overlay = state.overlays.get(requestId);
  if (!overlay) return { state, touched: [] };
  const tasks = new Map(state.tasks);
  const sessions = new Map(state.sessions);
  const task = tasks.get(link.taskId);
  if (task && overlay.task && !task.value.sessionIds.includes(link.sessionId)) {
    const sessionIds = inOrder(overlay.task.sessionIds, task.value.sessionIds, link.sessionId);
    tasks.set(link.taskId, { ...task, value: { ...task.value, sessionIds, sessionCount: sessionIds.length } });
  }
  const session = sessions.get(link.sessionId);
  if (session && overlay.session && !session.value.taskIds.includes(link.taskId)) {
    const taskIds = inOrder(overlay.session.taskIds, session.value.taskIds, link.taskId);
    sessions.set(link.sessionId, { ...session, value: { ...session.value, taskIds } });
  }
  const overlays = new Map(state.overlays);
  overlays.delete(requestId);
  return { state: { ...state, tasks, sessions, overlays }, touched: [taskKey(link.taskId), sessionKey(link.sessionId)] };
}

/** Shows that a session is gone, and out of its tasks, before the server says so. */
export function removeSessionOptimistically(state: ProjectState, requestId: string, sessionId: string): Result {
  const session = state.sessions.get(sessionId);
  if (!session) return { state, touched: [] };
  const tasks = new Map(state.tasks);
  const holding: Task[] = [];
  for (const [id, held] of state.tasks) {
    if (!held.value.sessionIds.includes(sessionId)) continue;
    holding.push(held.value);
    const sessionIds = held.value.sessionIds.filter((each) => each !== sessionId);
    tasks.set(id, { ...held, value: { ...held.value, sessionIds, sessionCount: sessionIds.length } });
  }
  const sessions = new Map(state.sessions);
  sessions.delete(sessionId);
  const overlays = new Map(state.overlays).set(requestId, { session: session.value, tasks: holding, revision: session.revision });
  return { state: { ...state, tasks, sessions, overlays }, touched: [SESSIONS, sessionKey(sessionId), ...holding.map(({ id }) => taskKey(id))] };
}

/** The server refused to delete it: it is back in its places, unless something newer has come meanwhile. */
export function restoreSession(state: ProjectState, requestId: string, sessionId: string): Result {
  const overlay = state.overlays.get(requestId);
  if (!overlay?.session) return { state, touched: [] };
  const tasks = new Map(state.tasks);
  for (const before of overlay.tasks ?? []) {
    const held = tasks.get(before.id);
    if (!held || held.value.sessionIds.includes(sessionId)) continue;
    const sessionIds = inOrder(before.sessionIds, held.value.sessionIds, sessionId);
    tasks.set(before.id, { ...held, value: { ...held.value, sessionIds, sessionCount: sessionIds.length } });
  }
  const sessions = new Map(state.sessions);
  if (!sessions.has(sessionId) && !state.gone.has(sessionId)) sessions.set(sessionId, { value: overlay.session, revision: overlay.revision ?? 0 });
  const overlays = new Map(state.overlays);
  overlays.delete(requestId);
  return { state: { ...state, tasks, sessions, overlays }, touched: [SESSIONS, sessionKey(sessionId), ...(overlay.tasks ?? []).map(({ id }) => taskKey(id))] };
}

/** `id` back into `current`, at the place that it had in `original`. */
function inOrder(original: readonly string[], current: readonly string[], id: string): string[] {
  const rank = new Map(original.map((each, index) => [each, index]));
  const place = rank.get(id) ?? original.length;
  const before = current.filter((each) => (rank.get(each) ?? Infinity) < place);
  return [...before, id, ...current.filter((each) => !before.includes(each))];
}

/** The stream brought our own requests back: they hold. */
export function confirm(state: ProjectState, requestIds: readonly string[]): Result {
  if (!requestIds.some((id) => state.overlays.has(id))) return { state, touched: [] };
  const overlays = new Map(state.overlays);
  requestIds.forEach((id) => overlays.delete(id));
  return { state: { ...state, overlays }, touched: [] };
}
