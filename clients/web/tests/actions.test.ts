import { create, getOption, hasOption, type DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import { describe, expect, it, vi } from "vitest";

import { Caller, callers } from "@gen/podium/common/v1/caller_pb";
import { AgentStatus, ChecklistState, ChecksResult, DocumentState, Landing, MessageKind, Phase, PodSchema, WorkstreamStatus, type Pod } from "@gen/podium/pods/v1/pod_pb";
import { PodService } from "@gen/podium/pods/v1/pod_service_pb";
import { MaestroService } from "@gen/podium/tasks/v1/maestro_service_pb";
import { ProjectSchema, SessionOrigin, SessionSchema, SessionStatus, TaskSchema } from "@gen/podium/tasks/v1/task_pb";
import { actionsFor } from "@/actions/all";
import { policyForm } from "@/actions/policy";
import { parseItem } from "@/actions/workstreams";
import { isWanted, parseSettings } from "@/app/notify";
import { webAddress } from "@/pages/pod/review/landing";
import { merge } from "@/store/project";
import { ProjectStore, type ProjectCalls } from "@/store/projectStore";

const updatePolicy = vi.hoisted(() => vi.fn());
vi.mock("@/api/clients", () => ({ web: {}, maestro: {}, pods: { updatePolicy }, eventStore: {} }));
vi.mock("@/stream/watcher", () => ({ watcher: { add: () => () => undefined } }));
vi.mock("@/state/useLocal", () => ({ getLocal: () => ({ terminals: [] }), updateLocal: () => undefined, useLocal: () => ({ terminals: [] }) }));

/** What people may call and the palette does not offer, and why. */
const ELSEWHERE: Record<string, string> = {
  "MaestroService.CreateProject": "a dialog of every page: Add a project",
  "MaestroService.CreateTask": "a dialog of every page: New task",
  "MaestroService.CreateSession": "for programs that run their own processes; people spawn one",
  "PodService.ReportExternalSync": "for integrations",
};

const known = { profiles: ["claude"], projects: [create(ProjectSchema, { id: "p", name: "shop" })], projectsChanged: () => undefined };

function pod(phase: Phase, over: Partial<Pod> = {}): Pod {
  return create(PodSchema, {
    podId: "t1", phase, title: "Exact prices", revision: 9n,
    spec: { state: DocumentState.READY, version: 2n }, plan: { state: DocumentState.APPROVED, version: 1n },
    review: { integrationCommit: "abc", checks: ChecksResult.PASSED },
    workstreams: [WorkstreamStatus.READY, WorkstreamStatus.IN_PROGRESS, WorkstreamStatus.FAILED].map((status, index) => ({ id: `w${index}`, title: `Work ${index}`, status })),
    agents: [AgentStatus.PENDING_START, AgentStatus.RUNNING, AgentStatus.FAILED].map((status, index) => ({ id: `a${index}`, workstreamId: `w${index}`, status })),
    messages: [{ id: "m1", threadId: "m1", kind: MessageKind.QUESTION, content: "Which way?", options: ["up", "down"] }, { id: "m2", threadId: "m2", kind: MessageKind.UPDATE, content: "Look", resolved: true }, { id: "m3", threadId: "m3", kind: MessageKind.UPDATE, content: "See" }],
    inbox: [{ id: "i1", text: "A question" }],
    ...over,
  } as never);
}

const PODS = [
  pod(Phase.SPEC_CLARIFICATION), pod(Phase.PLANNING, { plan: { state: DocumentState.READY, version: 1n }, spec: { state: DocumentState.APPROVED, version: 2n } } as never),
  pod(Phase.WORKSTREAM_EXECUTION), pod(Phase.REVIEW), pod(Phase.REVIEW, { review: { integrationCommit: "abc", approvedCommit: "abc", checks: ChecksResult.PASSED } } as never), pod(Phase.COMPLETED),
];

function store(): ProjectStore {
  const made = new ProjectStore("p", {} as ProjectCalls, Date.now, 0);
  made.dispatch((state) => merge(state, {
    tasks: [create(TaskSchema, { id: "t1", number: 1n, title: "Exact prices", sessionIds: ["s1"] })],
    sessions: [
      create(SessionSchema, { id: "s1", name: "mine", taskIds: ["t1"], status: SessionStatus.WORKING, origin: SessionOrigin.PERSON, needsInput: { active: true } }),
      create(SessionSchema, { id: "s2", name: "other", status: SessionStatus.IDLE, origin: SessionOrigin.PERSON }),
      create(SessionSchema, { id: "s3", name: "old", status: SessionStatus.COMPLETED, origin: SessionOrigin.POD }),
    ],
  }, 1));
  return made;
}

const offered = () => [
  ...PODS.flatMap((each) => actionsFor({ pod: each }, known)),
  ...["s1", "s3"].flatMap((sessionId) => actionsFor({ store: store(), taskId: "t1", sessionId }, known)),
];

const forPeople = (method: DescMethod) => getOption(method, callers).includes(Caller.PERSON) && method.idempotency !== Level.NO_SIDE_EFFECTS && hasOption(method, callers);

describe("the command palette", () => {
  it("offers every call that changes something and that people may make", () => {
    const rpcs = new Set(offered().map((action) => action.rpc));
    const all = [PodService, MaestroService].flatMap((service) => service.methods.filter(forPeople).map((method) => `${service.name}.${method.name}`));
    expect(all.length).toBeGreaterThan(40);
    expect(all.filter((rpc) => !rpcs.has(rpc) && !ELSEWHERE[rpc])).toEqual([]);
    expect([...rpcs].filter((rpc) => rpc && !all.includes(rpc))).toEqual([]);
  });

  it("names each action once, in words", () => {
    for (const each of PODS) {
      const actions = actionsFor({ pod: each }, known);
      expect(new Set(actions.map(({ id }) => id)).size).toBe(actions.length);
      expect(actions.filter(({ text }) => !/^[A-Z]/.test(text))).toEqual([]);
    }
  });

  it("offers nothing that changes a finished pod", () => {
    expect(actionsFor({ pod: pod(Phase.COMPLETED) }, known).filter(({ rpc }) => rpc)).toEqual([]);
  });
});

describe("approved work", () => {
  const texts = (over: object) => actionsFor({ pod: pod(Phase.REVIEW, over as never) }, known).filter(({ rpc }) => /ApproveReview|LandWork/.test(rpc)).map(({ text }) => text);
  const approved = { integrationCommit: "abc", approvedCommit: "abc", checks: ChecksResult.PASSED };

  it("lands on its branch or by a pull request; first as the pod's rules say", () => {
    expect(texts({})).toEqual(["Approve and land", "Approve as a pull request"]);
    expect(texts({ policy: { landing: Landing.PULL_REQUEST } })).toEqual(["Approve as a pull request", "Approve and land"]);
    expect(texts({ review: approved })).toEqual(["Land again", "Land by a pull request"]);
  });

  it("that waits for its pull request can be looked after, and not be landed beside it", () => {
    const externalSync = { kind: "merge_request", number: 12n, url: "https://forge.example/12" };
    expect(texts({ review: { ...approved, proposedCommit: "abc" }, externalSync })).toEqual(["Look whether its merge request 12 is merged"]);
    expect(webAddress("javascript:alert(1)")).toBe("");
    expect(webAddress(externalSync.url)).toBe(externalSync.url);
  });
});

describe("rules and budget", () => {
  it("send only what was changed, in the units of the service", async () => {
    const form = policyForm(pod(Phase.PLANNING, { policy: { maxParallelAgents: 3, maxAttempts: 3, budget: { tokens: 500n } } } as never), ["claude"]);
    const values = Object.fromEntries(form.fields.map((field) => [field.name, field.initial ?? ""]));
    await form.act(values);
    expect(updatePolicy).not.toHaveBeenCalled();
    await form.act({ ...values, cost: "2.5", limit: "90", auto: "" });
    const [{ policy, updateMask }] = updatePolicy.mock.calls[0] as [{ policy: Record<string, unknown>; updateMask: { paths: string[] } }];
    expect(updateMask.paths).toEqual(["budget.cost_micros", "agent_time_limit", "auto_start_agents"]);
    expect(policy).toMatchObject({ budget: { costMicros: 2_500_000n, tokens: 500n }, agentTimeLimit: { seconds: 5400n }, autoStartAgents: false });
  });
});

it("a checklist is read line by line", () => {
  expect(["[x] done", "- [>] doing", "plain", "[!] stuck"].map(parseItem)).toEqual([
    { text: "done", state: ChecklistState.DONE }, { text: "doing", state: ChecklistState.DOING }, { text: "plain", state: ChecklistState.TODO }, { text: "stuck", state: ChecklistState.BLOCKED },
  ]);
});

it("notifications are of what the person chose", () => {
  const waiting = (kind: number) => ({ waitingOn: [{ kind }] }) as never;
  expect(parseSettings("")).toEqual({ decisions: true, trouble: true, always: false });
  expect(isWanted(waiting(1), parseSettings("a=b; podium_notify=trouble"))).toBe(false);
  expect(isWanted(waiting(8), parseSettings("a=b; podium_notify=trouble"))).toBe(true);
  expect(isWanted(waiting(8), parseSettings("podium_notify="))).toBe(false);
});
