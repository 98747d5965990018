// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { Profiler, type ReactNode } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { SessionItem } from "@/pages/workspace/SessionItem";
import { closeTerminal } from "@/pages/workspace/terminals";
import { TaskListItem } from "@/pages/workspace/TaskListItem";
import { open } from "@/state/local";
import { getLocal, updateLocal } from "@/state/useLocal";
import { applyChange, merge } from "@/store/project";
import { ProjectStore, type ProjectCalls } from "@/store/projectStore";
import { change, session, task } from "./helpers";

const closeSession = vi.hoisted(() => vi.fn());
vi.mock("@/api/clients", () => ({ web: {}, maestro: { closeSession }, pods: {}, eventStore: {} }));
vi.mock("@/stream/watcher", () => ({ watcher: { add: () => () => undefined } }));
vi.mock("@tanstack/react-router", () => ({ Link: ({ children }: { children: ReactNode }) => <a href="#here">{children}</a> }));

let store: ProjectStore;
const listTasks = vi.fn();
const listSessions = vi.fn();
beforeEach(() => {
  localStorage.clear();
  closeSession.mockReset().mockResolvedValue({});
  listTasks.mockReset().mockResolvedValue({ tasks: [task("t1", ["s1"])], nextPageToken: "", revision: 1n });
  listSessions.mockReset().mockResolvedValue({ sessions: [session("s1", ["t1"])], nextPageToken: "", revision: 1n });
  store = new ProjectStore("p", { listTasks, listSessions } as unknown as ProjectCalls, Date.now, 0);
  store.dispatch((state) => merge(state, { tasks: [task("t1", ["s1"])], sessions: [session("s1", ["t1"])] }, 1));
});
afterEach(cleanup);

const counted = (renders: Map<string, number>, id: string, child: ReactNode) => (
  <Profiler key={id} id={id} onRender={() => renders.set(id, (renders.get(id) ?? 0) + 1)}>{child}</Profiler>
);

it("a change of one task renders that task's row in the Maestro panel, once, and no other; nor any session's", () => {
  const ids = Array.from({ length: 40 }, (_, index) => `t${index + 1}`);
  store.dispatch((state) => merge(state, { tasks: ids.map((id) => task(id)) }, 2));
  const renders = new Map<string, number>();
  render(<>
    {ids.map((id) => counted(renders, id, <TaskListItem store={store} taskId={id} chosen={false} onChoose={() => undefined} />))}
    {counted(renders, "s1", <SessionItem store={store} sessionId="s1" chosen={false} />)}
  </>);
  renders.clear();
  act(() => store.dispatch((state) => applyChange(state, change(3, { tasks: [task("t7", [], "Renamed")] }))));
  expect([...renders]).toEqual([["t7", 1]]);
  expect(screen.getByText("Renamed")).toBeTruthy();
});

it("a task's sessions are fetched when it is expanded, kept by the stream, and gone when they are deleted", async () => {
  render(<TaskListItem store={store} taskId="t1" chosen={false} onChoose={() => undefined} />);
  expect(listSessions).not.toHaveBeenCalled();
  await act(async () => fireEvent.click(screen.getByRole("button", { name: "Sessions of #1" })));
  expect(listSessions).toHaveBeenCalledOnce();
  expect(listSessions.mock.calls[0]?.[0]).toMatchObject({ taskId: "t1" });
  act(() => store.dispatch((state) => applyChange(state, change(2, { tasks: [task("t1", ["s1", "s2"])], sessions: [session("s2", ["t1"])] }))));
  expect(screen.getByText("s2")).toBeTruthy();
  act(() => store.dispatch((state) => applyChange(state, change(3, { tasks: [task("t1", ["s2"])], removedSessions: ["s1"] }))));
  expect(screen.queryByText("s1")).toBeNull();
  expect(listSessions).toHaveBeenCalledOnce();
});

it("a session's tasks are fetched when it is expanded, and follow the tasks", async () => {
  render(<SessionItem store={store} sessionId="s1" chosen={false} />);
  expect(listTasks).not.toHaveBeenCalled();
  await act(async () => fireEvent.click(screen.getByRole("button", { name: "Tasks of s1" })));
  expect(listTasks.mock.calls[0]?.[0]).toMatchObject({ sessionId: "s1" });
  act(() => store.dispatch((state) => applyChange(state, change(2, { tasks: [task("t1", ["s1"], "Renamed")] }))));
  expect(screen.getByText(/Renamed/)).toBeTruthy();
  act(() => store.dispatch((state) => applyChange(state, change(3, { sessions: [session("s1", [])], tasks: [task("t1", [])] }))));
  expect(screen.getByText("It holds no task.")).toBeTruthy();
});

it("the app owns the open terminals: one that is closed closes its session; nothing else is kept in the browser", async () => {
  updateLocal((state) => open(state, { id: "s1", projectId: "p", sessionId: "s1" }));
  expect(getLocal()).toEqual({ terminals: [{ id: "s1", projectId: "p", sessionId: "s1" }], activeTerminalId: "s1" });
  await closeTerminal(store, "s1");
  expect(closeSession).toHaveBeenCalledWith(expect.objectContaining({ projectId: "p", sessionId: "s1" }));
  expect(getLocal()).toEqual({ terminals: [], activeTerminalId: null });
  expect(store.state.sessions.has("s1")).toBe(false);
  expect(Object.keys(localStorage)).toEqual(["podium.terminals"]);
});

it("a terminal whose session the server will not close stays open, and its session where it was", async () => {
  closeSession.mockRejectedValue(new Error("not now"));
  updateLocal((state) => open(state, { id: "s1", projectId: "p", sessionId: "s1" }));
  await closeTerminal(store, "s1");
  expect(getLocal().terminals).toHaveLength(1);
  expect(store.state.tasks.get("t1")?.value.sessionIds).toEqual(["s1"]);
});
