import { Code } from "@connectrpc/connect";
import { maestro } from "@/api/clients";
import { explain } from "@/api/errors";
import { num } from "@/lib/numbers";
import type { Watcher } from "@/stream/target";
import { projectChanged } from "./projectChanges";
import { watcher } from "@/stream/watcher";
import { type ProjectChange, WatchStart } from "@gen/podium/tasks/v1/maestro_service_pb";
import type { Session, Task } from "@gen/podium/tasks/v1/task_pb";
import { KeyedStore } from "./keyed";
import * as project from "./project";

const PAGE = 1000;
const MAX_PAGES = 50;
/** How often a list is fetched in a row because the watch began after it was answered. */
const STALE_ANSWERS = 5;

/** The calls that fill the caches; tests give their own. */
export interface ProjectCalls {
  listTasks(request: object, options: { signal: AbortSignal }): Promise<{ tasks: Task[]; nextPageToken: string; revision: bigint }>;
  listSessions(request: object, options: { signal: AbortSignal }): Promise<{ sessions: Session[]; nextPageToken: string; revision: bigint }>;
  removeTaskFromSession(request: object): Promise<{ task?: Task; session?: Session; revision: bigint }>;
}

/** Tasks and sessions of one project: lazily fetched, kept fresh by one watch, told by keys. */
export class ProjectStore extends KeyedStore<project.ProjectState> {
  private fetches = new Map<string, AbortController>();
  private visible = new Map<string, number>();

  constructor(
    readonly projectId: string,
    private readonly calls: ProjectCalls = maestro as unknown as ProjectCalls,
    private readonly time: () => number = Date.now,
    paceMs = 100,
  ) {
    super(project.emptyProject(), paceMs);
  }

  watch(through: Watcher = watcher): () => void {
    return through.add({
      what: () => {
        const { revision } = this.state;
        const resume = revision > 0 ? { afterRevision: BigInt(revision) } : { start: WatchStart.NOW };
        return { case: "project", value: { projectId: this.projectId, ...resume } };
      },
      onItem: (item) => {
        if (item.case !== "project") return;
        const inner = item.value.item;
        const { base } = this.state;
        if (inner.case === "change") this.applyChange(inner.value);
        if (inner.case === "bookmark") this.dispatch((state) => project.applyBookmark(state, num(inner.value.revision)));
        if (this.state.base !== base) this.cover();
      },
      onFailed: (failed, restart) => {
        if (failed.code !== Code.OutOfRange && failed.code !== Code.Unavailable) return;
        // Too much was missed: what is visible is fetched anew, which also drops what was removed meanwhile.
        this.dispatch(project.expire);
        restart();
        for (const key of this.visible.keys()) void this.load(key, { force: true });
      },
    });
  }

  private applyChange(change: ProjectChange): void {
    if (change.project || change.reset) projectChanged();
    this.dispatch((state) =>
      project.applyChange(state, {
        ...change,
        from: num(change.fromRevision),
        to: num(change.toRevision),
        requestIds: change.events.map((event) => event.requestId),
      }),
    );
  }

  /** What was answered before the watch began is fetched anew: now where it is shown, else when it is looked at. */
  private cover(): void {
    for (const key of project.uncovered(this.state)) {
      if (!this.visible.has(key)) this.dispatch((state) => project.makeStale(state, key));
      else if (!this.state.loading.has(key)) void this.load(key, { force: true });
    }
  }

  /** A view shows a list: fetched now unless fresh, and again after a loss, while it is shown. */
  show(key: string): () => void {
    this.visible.set(key, (this.visible.get(key) ?? 0) + 1);
    void this.load(key);
    return () => {
      const left = (this.visible.get(key) ?? 1) - 1;
      if (left > 0) this.visible.set(key, left);
      else this.visible.delete(key);
    };
  }

  async load(key: string, { force = false } = {}): Promise<void> {
    if (!force && (project.isFresh(this.state, key, this.time()) || this.state.loading.has(key))) return;
    this.fetches.get(key)?.abort();
    const aborter = new AbortController();
    this.fetches.set(key, aborter);
    this.dispatch((state) => project.startLoading(state, key));
    try {
      let answer = await this.fetch(key, aborter.signal);
      for (let tries = 1; answer.revision < this.state.base && tries < STALE_ANSWERS && !aborter.signal.aborted; tries += 1) {
        answer = await this.fetch(key, aborter.signal);
      }
      if (aborter.signal.aborted) return;
      this.dispatch((state) => project.finishLoading(state, key, { ...answer, now: this.time() }));
    } catch (error) {
      if (aborter.signal.aborted) return;
      const { title, hint } = explain(error);
      this.dispatch((state) => project.failLoading(state, key, [title, hint].filter(Boolean).join(". ")));
    }
  }

  private async fetch(key: string, signal: AbortSignal) {
    const owner = key.slice("list:".length);
    if (key === project.TASKS) {
      const { items, revision } = await this.tasks({}, signal);
      return { tasks: items, revision, isMember: (kind: string) => kind === "task" };
    }
    if (owner.startsWith("session:")) {
      const sessionId = owner.slice("session:".length);
      const { items, revision } = await this.tasks({ sessionId }, signal);
      return { tasks: items, revision };
    }
    const taskId = owner.startsWith("task:") ? owner.slice("task:".length) : "";
    const { items, revision } = await this.sessions({ taskId }, signal);
    const isMember = (kind: string, entity: Task | Session) =>
      kind === "session" && (!taskId || (entity as Session).taskIds.includes(taskId));
    return { sessions: items, revision, isMember };
  }

  private tasks(filter: object, signal: AbortSignal) {
    return pages(async (pageToken) => {
      const page = await this.calls.listTasks({ projectId: this.projectId, pageSize: PAGE, pageToken, ...filter }, { signal });
      return { ...page, items: page.tasks };
    });
  }

  private sessions(filter: object, signal: AbortSignal) {
    return pages(async (pageToken) => {
      const page = await this.calls.listSessions({ projectId: this.projectId, pageSize: PAGE, pageToken, ...filter }, { signal });
      return { ...page, items: page.sessions };
    });
  }

  /** Shown at once, taken back where the server refuses; the error is thrown then. */
  async unlink(taskId: string, sessionId: string, requestId: string): Promise<void> {
    this.dispatch((state) => project.unlinkOptimistically(state, requestId, taskId, sessionId));
    try {
      const answer = await this.calls.removeTaskFromSession({ projectId: this.projectId, taskId, sessionId, requestId });
      this.absorb(answer);
      this.dispatch((state) => project.confirm(state, [requestId]));
    } catch (error) {
      this.dispatch((state) => project.rollback(state, requestId, { taskId, sessionId }));
      throw error;
    }
  }

  /** As `unlink`, for a whole session: `call` deletes or closes it. */
  async removeSession(sessionId: string, requestId: string, call: () => Promise<unknown>): Promise<void> {
    this.dispatch((state) => project.removeSessionOptimistically(state, requestId, sessionId));
    try {
      await call();
      this.dispatch((state) => project.confirm(state, [requestId]));
    } catch (error) {
      this.dispatch((state) => project.restoreSession(state, requestId, sessionId));
      throw error;
    }
  }

  /** Takes in the entities of a mutation's answer, which may come before or after the stream's change. */
  absorb(answer: { task?: Task; session?: Session; revision: bigint }): void {
    const entities = { tasks: answer.task ? [answer.task] : [], sessions: answer.session ? [answer.session] : [] };
    this.dispatch((state) => project.merge(state, entities, num(answer.revision)));
  }
}

interface Page<T> {
  items: T[];
  nextPageToken: string;
  revision: bigint;
}

/** All pages; the revision is the first one's, so that changes between two pages are applied again, not lost. */
async function pages<T>(fetchPage: (token: string) => Promise<Page<T>>): Promise<{ items: T[]; revision: number }> {
  const items: T[] = [];
  let token = "";
  let revision = 0;
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const page = await fetchPage(token);
    if (count === 0) revision = num(page.revision);
    items.push(...page.items);
    token = page.nextPageToken;
    if (!token) break;
  }
  return { items, revision };
}
