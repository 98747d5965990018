// @vitest-environment jsdom
import { act, cleanup, render, screen } from "@testing-library/react";
import { Profiler } from "react";
import { afterEach, expect, it, vi } from "vitest";
import { merge, taskKey } from "@/store/project";
import { ProjectStore, type ProjectCalls } from "@/store/projectStore";
import { useTask } from "@/store/useProject";
import { task } from "./helpers";

vi.mock("@/api/clients", () => ({ web: {}, maestro: {}, pods: {}, eventStore: {} }));
afterEach(cleanup);

function Row({ store, id }: { store: ProjectStore; id: string }) {
  return <p>{useTask(store, id)?.title}</p>;
}

it("a change of one task renders one row, and that once", () => {
  const store = new ProjectStore("p", {} as ProjectCalls, Date.now, 0);
  const ids = Array.from({ length: 50 }, (_, index) => `t${index + 1}`);
  store.dispatch((state) => merge(state, { tasks: ids.map((id) => task(id)) }, 1));
  const renders = new Map<string, number>();
  const count = (id: string) => renders.set(id, (renders.get(id) ?? 0) + 1);
  render(<>{ids.map((id) => <Profiler key={id} id={id} onRender={count}><Row store={store} id={id} /></Profiler>)}</>);
  renders.clear();
  act(() => store.dispatch((state) => merge(state, { tasks: [task("t7", [], "changed")] }, 2)));
  expect([...renders]).toEqual([["t7", 1]]);
  expect(screen.getByText("changed")).toBeTruthy();
  expect(taskKey("t7")).toBe("task:t7");
});
