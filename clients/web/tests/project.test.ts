import { describe, expect, it } from "vitest";
import * as project from "@/store/project";
import { change, session, task } from "./helpers";

const at = (revision: number, tasks = [task("t1", ["s1"])], sessions = [session("s1", ["t1"])]) =>
  project.finishLoading(project.merge(project.emptyProject(), { sessions }, revision).state, project.TASKS, { tasks, revision, now: 0 }).state;

describe("changes", () => {
  it("apply once: what was seen is dropped, whatever the stream repeats", () => {
    const first = project.applyChange(at(5), change(6, { tasks: [task("t1", [], "new")] }));
    const again = project.applyChange(first.state, change(6, { tasks: [task("t1", [], "repeated")] }));
    expect(first.state.tasks.get("t1")?.value.title).toBe("new");
    expect(again.touched).toEqual([]);
    expect(again.state).toBe(first.state);
  });

  it("older than what an answer brought do not take it back", () => {
    const fetched = at(10, [task("t1", [], "newest")]);
    const { state } = project.applyChange(fetched, change(9, { tasks: [task("t1", [], "older")] }));
    expect(state.tasks.get("t1")?.value.title).toBe("newest");
  });

  it("touch only the keys of what changed", () => {
    const state = at(5, [task("t1"), task("t2")]);
    expect(project.applyChange(state, change(6, { tasks: [task("t1", [], "x")] })).touched).toEqual([project.taskKey("t1")]);
  });

  it("touch the list too when an entity comes or goes", () => {
    expect(project.applyChange(at(5), change(6, { tasks: [task("t9")] })).touched).toContain(project.TASKS);
    expect(project.applyChange(at(5), change(6, { removedTasks: ["t1"] })).touched).toContain(project.TASKS);
  });

  it("created and deleted at once leave no ghost, also when an old answer comes late", () => {
    let { state } = project.applyChange(at(5), change(6, { tasks: [task("t9")] }));
    ({ state } = project.applyChange(state, change(7, { removedTasks: ["t9"] })));
    ({ state } = project.finishLoading(state, project.TASKS, { tasks: [task("t9")], revision: 6, now: 1 }));
    expect(state.tasks.has("t9")).toBe(false);
  });

  it("in parts are seen only with the last part", () => {
    const partial = project.applyChange(at(5), { ...change(6, { tasks: [task("t2")] }), partial: true });
    expect(partial.state.revision).toBe(0);
    const { state } = project.applyChange(partial.state, change(6, { tasks: [task("t3")] }));
    expect([...state.tasks.keys()]).toEqual(["t1", "t2", "t3"]);
    expect(state.revision).toBe(6);
  });

  it("with a reset drop all that is held", () => {
    const { state } = project.applyChange(at(5), { ...change(9, { tasks: [task("t2")] }), reset: true });
    expect([...state.tasks.keys()]).toEqual(["t2"]);
    expect(state.sessions.size).toBe(0);
  });
});

describe("lists", () => {
  it("are fresh at exactly 30,000 ms and stale after", () => {
    expect(project.isFresh(at(1), project.TASKS, 30_000)).toBe(true);
    expect(project.isFresh(at(1), project.TASKS, 30_001)).toBe(false);
    expect(project.isFresh(project.emptyProject(), project.TASKS, 0)).toBe(false);
  });

  it("fetched anew drop what was deleted while we were away, and keep what is newer than they", () => {
    let state = at(5, [task("t1"), task("t2")]);
    ({ state } = project.applyChange(state, change(12, { tasks: [task("t3")] })));
    ({ state } = project.finishLoading(state, project.TASKS, { tasks: [task("t1")], revision: 11, now: 1, isMember: (kind) => kind === "task" }));
    expect([...state.tasks.keys()].sort()).toEqual(["t1", "t3"]);
  });

  it("that fail say why, and hold what they held", () => {
    const { state } = project.failLoading(at(5), project.TASKS, "away");
    expect(state.errors.get(project.TASKS)).toBe("away");
    expect(state.tasks.size).toBe(1);
  });

  it("are all stale after a loss that cannot be resumed", () => {
    expect(project.isFresh(project.expire(at(5)).state, project.TASKS, 1)).toBe(false);
  });
});

describe("removal before the server has said so", () => {
  const link = { taskId: "t1", sessionId: "s1" };

  it("shows at once on both sides", () => {
    const { state } = project.unlinkOptimistically(at(5), "r1", "t1", "s1");
    expect(state.tasks.get("t1")?.value).toMatchObject({ sessionIds: [], sessionCount: 0 });
    expect(state.sessions.get("s1")?.value.taskIds).toEqual([]);
  });

  it("is taken back in its place when the server refuses", () => {
    const before = at(5, [task("t1", ["s0", "s1", "s2"])]);
    const { state } = project.rollback(project.unlinkOptimistically(before, "r1", "t1", "s1").state, "r1", link);
    expect(state.tasks.get("t1")?.value).toEqual(before.tasks.get("t1")?.value);
    expect(state.sessions.get("s1")?.value.taskIds).toEqual(["t1"]);
    expect(state.overlays.size).toBe(0);
  });

  it("is confirmed by the change that carries its request id; a late refusal changes nothing", () => {
    const shown = project.unlinkOptimistically(at(5), "r1", "t1", "s1").state;
    const { state } = project.applyChange(shown, { ...change(6, { tasks: [task("t1")], sessions: [session("s1")] }), requestIds: ["r1"] });
    expect(state.overlays.size).toBe(0);
    expect(project.rollback(state, "r1", link).state).toBe(state);
  });

  it("taken back keeps what others changed meanwhile", () => {
    let { state } = project.unlinkOptimistically(at(5), "r1", "t1", "s1");
    ({ state } = project.applyChange(state, change(6, { tasks: [task("t1", ["s1"], "renamed")] })));
    ({ state } = project.rollback(state, "r1", link));
    expect(state.tasks.get("t1")?.value).toMatchObject({ title: "renamed", sessionIds: ["s1"] });
  });
});

describe("deleting a session before the server has said so", () => {
  const before = () => at(5, [task("t1", ["s0", "s1", "s2"]), task("t2", ["s1"])]);

  it("takes it out of the list and of all its tasks at once", () => {
    const { state, touched } = project.removeSessionOptimistically(before(), "r1", "s1");
    expect(state.sessions.has("s1")).toBe(false);
    expect([...state.tasks.values()].map(({ value }) => value.sessionIds)).toEqual([["s0", "s2"], []]);
    expect(touched).toEqual([project.SESSIONS, "session:s1", "task:t1", "task:t2"]);
  });

  it("is taken back in its places when the server refuses", () => {
    const { state } = project.restoreSession(project.removeSessionOptimistically(before(), "r1", "s1").state, "r1", "s1");
    expect(state.sessions.get("s1")).toEqual(before().sessions.get("s1"));
    expect([...state.tasks.values()].map(({ value }) => [value.sessionIds, value.sessionCount])).toEqual([[["s0", "s1", "s2"], 3], [["s1"], 1]]);
    expect(state.overlays.size).toBe(0);
  });

  it("stays deleted where the stream said so meanwhile", () => {
    let { state } = project.removeSessionOptimistically(before(), "r1", "s1");
    ({ state } = project.applyChange(state, change(6, { tasks: [task("t1", ["s0", "s2"])], removedSessions: ["s1"] })));
    ({ state } = project.restoreSession(state, "r1", "s1"));
    expect(state.sessions.has("s1")).toBe(false);
  });
});
