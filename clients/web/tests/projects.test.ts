import { create } from "@bufbuild/protobuf";
import { QueryClient } from "@tanstack/react-query";
import { expect, it, vi } from "vitest";
import { PodSummarySchema } from "@gen/podium/pods/v1/pod_pb";
import { ProjectSchema } from "@gen/podium/tasks/v1/task_pb";
import { projects } from "@/api/queries";
import { applyBoard } from "@/store/board";
import { board } from "@/store/boardStore";
import { projectChanged } from "@/store/projectChanges";
import { feedProjects } from "@/store/projectsFeed";

vi.mock("@/api/clients", () => ({ web: {}, maestro: {}, pods: {}, eventStore: {} }));
vi.mock("@/stream/watcher", () => ({ watcher: { add: () => () => undefined } }));

it("the list of projects is fetched again when a stream tells of one that it lacks, once, and when one has changed", () => {
  const queries = new QueryClient();
  queries.setQueryData(projects.queryKey, [create(ProjectSchema, { id: "known" })]);
  const asked = vi.spyOn(queries, "invalidateQueries");
  const stop = feedProjects(queries);
  const pod = (podId: string, projectId: string) => board.dispatch((state) => applyBoard(state, { pods: [create(PodSummarySchema, { podId, projectId, revision: 1n })], position: 1n, synced: true }));
  vi.useFakeTimers();
  pod("p1", "known");
  expect(asked).not.toHaveBeenCalled();
  pod("p2", "new");
  vi.runAllTimers();
  expect(asked).toHaveBeenCalledTimes(1);
  pod("p3", "new");
  vi.runAllTimers();
  expect(asked).toHaveBeenCalledTimes(1);
  projectChanged();
  expect(asked).toHaveBeenCalledTimes(2);
  stop();
  projectChanged();
  expect(asked).toHaveBeenCalledTimes(2);
  vi.useRealTimers();
});
