import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AgentSchema, InboxItemSchema, Phase, PodSchema, PodSummarySchema, WorkstreamSchema } from "@gen/podium/pods/v1/pod_pb";
import { PodChangeSchema } from "@gen/podium/pods/v1/pod_service_pb";
import { applyBoard, emptyBoard, LAYOUT, podKey } from "@/store/board";
import { applyPodChange } from "@/store/pod";

const pod = create(PodSchema, {
  podId: "p", revision: 5n, phase: Phase.PLANNING,
  workstreams: [create(WorkstreamSchema, { id: "a" }), create(WorkstreamSchema, { id: "b" })],
  inbox: [create(InboxItemSchema, { id: "i" })],
});
const change = (from: number, to: number, rest: object = {}) =>
  create(PodChangeSchema, { fromRevision: BigInt(from), toRevision: BigInt(to), pod: create(PodSchema, { podId: "p", phase: Phase.WORKSTREAM_EXECUTION, revision: BigInt(to) }), ...rest });

describe("a pod's change", () => {
  it("sets the pod's own fields, puts in whole entities, takes out removed ones, keeps the rest as they are", () => {
    const applied = applyPodChange(pod, change(5, 7, { workstreams: [create(WorkstreamSchema, { id: "b", title: "new" })], agents: [create(AgentSchema, { id: "x" })], removedInbox: ["i"] }));
    expect(applied.outcome).toBe("applied");
    expect(applied.pod).toMatchObject({ phase: Phase.WORKSTREAM_EXECUTION, revision: 7n, inbox: [] });
    expect(applied.pod.workstreams[0]).toBe(pod.workstreams[0]);
    expect(applied.pod.workstreams[1]?.title).toBe("new");
    expect(applied.pod.agents.map((agent) => agent.id)).toEqual(["x"]);
  });

  it("that was seen is dropped, one that overlaps applies, one behind a hole asks for a snapshot", () => {
    expect(applyPodChange(pod, change(3, 5)).outcome).toBe("seen");
    expect(applyPodChange(pod, change(3, 6)).outcome).toBe("applied");
    expect(applyPodChange(pod, change(6, 7)).outcome).toBe("gap");
  });
});

describe("the board", () => {
  const summary = (revision: number, phase = Phase.PLANNING) => create(PodSummarySchema, { podId: "p", revision: BigInt(revision), phase });
  const response = (revision: number, phase?: Phase) => ({ pods: [summary(revision, phase)], position: BigInt(revision), synced: true });

  it("takes newer summaries only, and resumes after the last position", () => {
    const first = applyBoard(emptyBoard(), response(9));
    const old = applyBoard(first.state, response(8, Phase.COMPLETED));
    expect(old.state.pods.get("p")?.phase).toBe(Phase.PLANNING);
    expect(old.state).toMatchObject({ position: 9, synced: true });
  });

  it("is laid out anew only when a pod comes or changes its phase", () => {
    const first = applyBoard(emptyBoard(), response(1));
    expect(applyBoard(first.state, response(2)).touched).toEqual([podKey("p")]);
    expect(applyBoard(first.state, response(2, Phase.REVIEW)).touched).toContain(LAYOUT);
  });
});
