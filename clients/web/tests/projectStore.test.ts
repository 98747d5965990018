import { create } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { WatchProjectResponseSchema } from "@gen/podium/tasks/v1/maestro_service_pb";
import type { Session, Task } from "@gen/podium/tasks/v1/task_pb";
import { WatchFailedSchema } from "@gen/podium/web/v1/web_service_pb";
import { listKey, taskKey, TASKS } from "@/store/project";
import { ProjectStore } from "@/store/projectStore";
import type { Multiplexer } from "@/stream/multiplexer";
import type { Target } from "@/stream/target";
import { session, task } from "./helpers";

vi.mock("@/api/clients", () => ({ web: {}, maestro: {}, pods: {}, eventStore: {} }));
vi.mock("@/stream/watcher", () => ({ watcher: {} }));

let now = 0;
let tasks: Task[] = [];
let sessions: Session[] = [];
const calls = {
  listTasks: vi.fn(async (_request: object, _options: { signal: AbortSignal }) => ({ tasks, nextPageToken: "", revision: 5n })),
  listSessions: vi.fn(async (_request: object, _options: { signal: AbortSignal }) => ({ sessions, nextPageToken: "", revision: 5n })),
  removeTaskFromSession: vi.fn(async (_request: object) => ({ revision: 6n })),
};
const make = () => new ProjectStore("p", calls, () => now, 0);

beforeEach(() => {
  now = 0;
  tasks = [task("t1", ["s1"])];
  sessions = [session("s1", ["t1"])];
  vi.clearAllMocks();
});

describe("lists are fetched lazily", () => {
  it("when shown; at 10 s from the cache, at 30 s still, at 31 s anew", async () => {
    const store = make();
    const key = listKey(taskKey("t1"));
    expect(calls.listSessions).not.toHaveBeenCalled();
    for (const [time, fetches] of [[0, 1], [10_000, 1], [30_000, 1], [31_000, 2]] as const) {
      now = time;
      const hide = store.show(key);
      await vi.waitFor(() => expect(store.state.loading.size).toBe(0));
      hide();
      expect(calls.listSessions).toHaveBeenCalledTimes(fetches);
    }
  });

  it("a new fetch aborts the one before, whose answer is dropped", async () => {
    const store = make();
    let answer = (_value: { tasks: Task[]; nextPageToken: string; revision: bigint }) => {};
    calls.listTasks.mockImplementationOnce(() => new Promise((resolve) => { answer = resolve; }));
    const slow = store.load(TASKS);
    await store.load(TASKS, { force: true });
    answer({ tasks: [task("t9")], nextPageToken: "", revision: 4n });
    await slow;
    expect(calls.listTasks.mock.calls[0]?.[1].signal.aborted).toBe(true);
    expect([...store.state.tasks.keys()]).toEqual(["t1"]);
  });

  it("a failure is shown under its key and the next showing tries again", async () => {
    const store = make();
    calls.listTasks.mockRejectedValueOnce(new Error("away"));
    await store.load(TASKS);
    expect(store.state.errors.get(TASKS)).toContain("away");
    await store.load(TASKS);
    expect(store.state.errors.size).toBe(0);
  });
});

describe("a removal", () => {
  it("that the server refuses is back, and the error comes through", async () => {
    const store = make();
    await store.load(TASKS);
    calls.removeTaskFromSession.mockRejectedValueOnce(new Error("refused"));
    const removal = store.unlink("t1", "s1", "r1");
    expect(store.state.tasks.get("t1")?.value.sessionCount).toBe(0);
    await expect(removal).rejects.toThrow("refused");
    expect(store.state.tasks.get("t1")?.value.sessionCount).toBe(1);
  });
});

describe("the watch", () => {
  const watched = (store: ProjectStore) => {
    let target = {} as Target;
    store.watch({ add: (given: Target) => { target = given; return () => undefined; } } as unknown as Multiplexer);
    return target;
  };
  const change = (from: number, to: number, rest: object) =>
    ({ case: "project", value: create(WatchProjectResponseSchema, { item: { case: "change", value: { fromRevision: BigInt(from), toRevision: BigInt(to), ...rest } } }) }) as const;

  it("begins now, and resumes after the last revision seen", () => {
    const store = make();
    const target = watched(store);
    expect(target.what().value).toMatchObject({ start: 1 });
    target.onItem(change(5, 6, { tasks: [task("t2")] }));
    expect(target.what().value).toMatchObject({ afterRevision: 6n });
    expect(store.state.tasks.has("t2")).toBe(true);
  });

  const bookmark = (revision: number) =>
    ({ case: "project", value: create(WatchProjectResponseSchema, { item: { case: "bookmark", value: { revision: BigInt(revision) } } }) }) as const;

  it("that begins after a list was answered has it fetched again: nobody told of what came in between", async () => {
    const store = make();
    const target = watched(store);
    store.show(TASKS);
    await vi.waitFor(() => expect(store.state.tasks.size).toBe(1));
    tasks = [task("t1"), task("t2")];
    calls.listTasks.mockResolvedValueOnce({ tasks, nextPageToken: "", revision: 8n });
    target.onItem(bookmark(8));
    await vi.waitFor(() => expect([...store.state.tasks.keys()]).toEqual(["t1", "t2"]));
    expect(calls.listTasks).toHaveBeenCalledTimes(2);
    target.onItem(bookmark(9));
    expect(calls.listTasks).toHaveBeenCalledTimes(2);
  });

  it("that begins while a list is on its way has it fetched again too", async () => {
    const store = make();
    const target = watched(store);
    let answer = (_value: { tasks: Task[]; nextPageToken: string; revision: bigint }) => {};
    calls.listTasks.mockImplementationOnce(() => new Promise((resolve) => { answer = resolve; }));
    store.show(TASKS);
    target.onItem(bookmark(8));
    calls.listTasks.mockResolvedValueOnce({ tasks: [task("t1"), task("t2")], nextPageToken: "", revision: 8n });
    answer({ tasks: [task("t1")], nextPageToken: "", revision: 7n });
    await vi.waitFor(() => expect(store.state.tasks.size).toBe(2));
    expect(calls.listTasks).toHaveBeenCalledTimes(2);
  });

  it("that begins after a hidden list was answered has it fetched when it is looked at", async () => {
    const store = make();
    const target = watched(store);
    await store.load(TASKS);
    target.onItem(bookmark(8));
    expect(calls.listTasks).toHaveBeenCalledOnce();
    expect(store.state.fetched.has(TASKS)).toBe(true);
    calls.listTasks.mockResolvedValueOnce({ tasks: [task("t1"), task("t2")], nextPageToken: "", revision: 8n });
    store.show(TASKS);
    await vi.waitFor(() => expect(store.state.tasks.size).toBe(2));
  });

  it("is not fetched for ever where answers stay behind it", async () => {
    const store = make();
    const target = watched(store);
    target.onItem(bookmark(8));
    await store.load(TASKS);
    expect(calls.listTasks).toHaveBeenCalledTimes(5);
  });

  it("that cannot resume fetches what is visible, which drops what was deleted meanwhile", async () => {
    const store = make();
    tasks = [task("t1"), task("t2")];
    const target = watched(store);
    store.show(TASKS);
    await vi.waitFor(() => expect(store.state.tasks.size).toBe(2));
    tasks = [task("t1")];
    calls.listTasks.mockResolvedValueOnce({ tasks, nextPageToken: "", revision: 50n });
    const restart = vi.fn();
    target.onFailed?.(create(WatchFailedSchema, { code: 11 }), restart);
    await vi.waitFor(() => expect([...store.state.tasks.keys()]).toEqual(["t1"]));
    expect(restart).toHaveBeenCalledOnce();
    expect(target.what().value).toMatchObject({ start: 1 });
  });
});
