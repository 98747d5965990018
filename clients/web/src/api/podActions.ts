import type { MessageInitShape } from "@bufbuild/protobuf";
import { type ChangeRequestSchema } from "@gen/podium/pods/v1/pod_service_pb";
import { type ChecklistItemSchema, Landing, MessageKind, type Phase, type PlanItemSchema, type PolicySchema } from "@gen/podium/pods/v1/pod_pb";
import { pods } from "./clients";
import { newRequestId } from "./requestId";

/** All that a person can do to one pod; each call safe to repeat. */
export const podActions = (podId: string) => {
  const ids = () => ({ podId, requestId: newRequestId() });
  type Item = MessageInitShape<typeof PlanItemSchema>;
  return {
    updatePolicy: (policy: MessageInitShape<typeof PolicySchema>, paths: string[]) => pods.updatePolicy({ ...ids(), policy, updateMask: { paths } }),
    updateSpec: (content: string) => pods.updateSpec({ ...ids(), content }),
    approveSpec: (version: bigint) => pods.approveSpec({ ...ids(), version }),
    reopenSpec: (reason: string) => pods.reopenSpec({ ...ids(), reason }),
    requestSpec: (feedback: string) => pods.requestSpec({ ...ids(), feedback }),
    updatePlan: (summary: string, items: Item[]) => pods.updatePlan({ ...ids(), summary, items }),
    approvePlan: (version: bigint) => pods.approvePlan({ ...ids(), version }),
    reopenPlan: (reason: string) => pods.reopenPlan({ ...ids(), reason }),
    requestPlan: (feedback: string) => pods.requestPlan({ ...ids(), feedback }),
    transition: (to: Phase, reason: string) => pods.transitionPhase({ ...ids(), to, reason }),
    createWorkstream: (item: Item) => pods.createWorkstream({ ...ids(), item }),
    updateWorkstream: (item: Item, paths: string[]) => pods.updateWorkstream({ ...ids(), item, updateMask: { paths } }),
    completeWorkstream: (workstreamId: string, summary: string) => pods.completeWorkstream({ ...ids(), workstreamId, summary }),
    failWorkstream: (workstreamId: string, reason: string) => pods.failWorkstream({ ...ids(), workstreamId, reason }),
    updateChecklist: (workstreamId: string, items: MessageInitShape<typeof ChecklistItemSchema>[]) => pods.updateChecklist({ ...ids(), workstreamId, items }),
    startWorkstream: (workstreamId: string) => pods.startWorkstream({ ...ids(), workstreamId }),
    retryWorkstream: (workstreamId: string, feedback: string) => pods.retryWorkstream({ ...ids(), workstreamId, feedback }),
    skipWorkstream: (workstreamId: string, reason: string) => pods.skipWorkstream({ ...ids(), workstreamId, reason }),
    cancelWorkstream: (workstreamId: string, reason: string) => pods.cancelWorkstream({ ...ids(), workstreamId, reason }),
    startAgent: (agentId: string) => pods.startAgent({ ...ids(), agentId }),
    interruptAgent: (agentId: string, reason: string) => pods.interruptAgent({ ...ids(), agentId, reason }),
    restartAgent: (agentId: string) => pods.restartAgent({ ...ids(), agentId }),
    tellAgent: (agentId: string, text: string) => pods.sendAgentMessage({ ...ids(), agentId, text }),
    markDone: (agentId: string) => pods.markAgentDone({ ...ids(), agentId }),
    ask: (content: string, options: string[]) => pods.askQuestion({ ...ids(), content, options }),
    resolveThread: (threadId: string) => pods.resolveThread({ ...ids(), threadId }),
    reopenThread: (threadId: string) => pods.reopenThread({ ...ids(), threadId }),
    answer: (messageId: string, choice: string, text: string) => pods.answerQuestion({ ...ids(), messageId, choice, text }),
    post: (content: string, threadId = "") => pods.postMessage({ ...ids(), kind: MessageKind.UPDATE, content, threadId }),
    markRead: (itemIds: string[]) => pods.markInboxRead({ ...ids(), itemIds }),
    /** `landing` is how it shall reach the target, from now on; unspecified: as the pod's rules say. */
    approveReview: (integrationCommit: string, landing = Landing.UNSPECIFIED) => pods.approveReview({ ...ids(), integrationCommit, landing }),
    requestChanges: (changes: MessageInitShape<typeof ChangeRequestSchema>[]) => pods.requestChanges({ ...ids(), changes }),
    land: (landing = Landing.UNSPECIFIED) => pods.landWork({ ...ids(), landing }),
    cancel: (reason: string) => pods.cancelPod({ ...ids(), reason }),
    evaluate: () => pods.evaluateNow(ids()),
  };
};

export type PodActions = ReturnType<typeof podActions>;
