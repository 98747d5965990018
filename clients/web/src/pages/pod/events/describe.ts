import { createRegistry, type Message } from "@bufbuild/protobuf";
import { anyUnpack, type Any } from "@bufbuild/protobuf/wkt";
import { file_podium_pods_v1_pod_events, PlanUpdatedSchema, SpecUpdatedSchema } from "@gen/podium/pods/v1/pod_events_pb";
import { Phase, WorkstreamStatus, type Agent, type InboxItem, type Job, type Message as PodMessage, type Workstream } from "@gen/podium/pods/v1/pod_pb";
import { JobKind } from "@gen/podium/pods/v1/pod_pb";
import { kindWord, phaseWord, workstreamWord } from "@/lib/words";
import type { OldDocument } from "./queries";

const registry = createRegistry(file_podium_pods_v1_pod_events);

export interface Described {
  /** One line. */
  title: string;
  /** More, where there is more. */
  detail: string;
  /** The message's name: `SpecApproved`. */
  name: string;
}

/** Any of the facts of pod_events.proto, loosely: the fields that sentences are made of. */
interface Fact extends Message {
  agent?: Agent; agentId?: string; workstreamId?: string; workstream?: Workstream; job?: Job; message?: PodMessage; item?: InboxItem;
  text?: string; reason?: string; error?: string; summary?: string; by?: string; version?: bigint; title?: string; feedback?: string;
  fromPhase?: Phase; toPhase?: Phase; runnerId?: string; commit?: string; integrationCommit?: string; choice?: string; content?: string;
  exitReason?: string; status?: number; blockedOn?: string[]; number?: number | bigint; jobId?: string; paths?: string[];
}

const short = (id: string | undefined) => (id ? (id.length > 14 ? `…${id.slice(-8)}` : id) : "");
const job = (kind: JobKind | undefined) => (JobKind[kind ?? 0] ?? "job").toLowerCase();

const SENTENCES: Record<string, (fact: Fact) => string> = {
  PodOpened: (fact) => `Opened: ${fact.title}`,
  PhaseChanged: (fact) => `${phaseWord(fact.fromPhase ?? 0).text} → ${phaseWord(fact.toPhase ?? 0).text}`,
  SpecUpdated: (fact) => `Spec v${fact.version} written`,
  SpecApproved: (fact) => `Spec v${fact.version} approved`,
  PlanUpdated: (fact) => `Plan v${fact.version} written`,
  PlanApproved: (fact) => `Plan v${fact.version} approved`,
  WorkstreamCreated: (fact) => `Workstream ${fact.workstream?.id}: ${fact.workstream?.title}`,
  WorkstreamGated: (fact) => `${fact.workstreamId} is ${workstreamWord((fact.status ?? 0) as WorkstreamStatus).text.toLowerCase()}${fact.blockedOn?.length ? ` on ${fact.blockedOn.join(", ")}` : ""}`,
  WorkstreamCompleted: (fact) => `${fact.workstreamId} merged as ${fact.integrationCommit?.slice(0, 8)}`,
  AgentRequested: (fact) => `${kindWord(fact.agent?.kind ?? 0)} asked for${fact.agent?.workstreamId ? ` ${fact.agent.workstreamId}` : ""}`,
  AgentRegistered: (fact) => `Agent ${short(fact.agentId)} claimed by ${fact.runnerId}`,
  AgentProcessStarted: (fact) => `Agent ${short(fact.agentId)} runs`,
  AgentProgressed: (fact) => fact.text ?? "",
  AgentEnded: (fact) => `Agent ${short(fact.agentId)} ended: ${fact.exitReason || "done"}`,
  JobOpened: (fact) => `Asked the runner to ${job(fact.job?.kind)}`,
  JobEnded: (fact) => `Order ${short(fact.jobId)} closed`,
  MessagePosted: (fact) => fact.message?.content.split("\n")[0] ?? "",
  QuestionAnswered: (fact) => `Answered: ${fact.choice || fact.text}`,
  InboxItemAdded: (fact) => `Wants a person: ${fact.item?.text}`,
  InboxItemCleared: () => "Inbox item cleared",
  MergeRequested: (fact) => `${fact.workstreamId} is to be merged`,
  WorkVerified: (fact) => `Work verified at ${fact.integrationCommit?.slice(0, 8)}`,
  ReviewApproved: (fact) => `Review approved at ${fact.integrationCommit?.slice(0, 8)}`,
  WorkLanded: (fact) => `Landed as ${fact.commit?.slice(0, 8)}`,
  LandingBlocked: (fact) => `Cannot land: ${fact.error}`,
  HomeRunnerSet: (fact) => `${fact.runnerId} is the pod's home`,
};

export function describe(fact: Any | undefined): Described {
  const name = fact?.typeUrl.split(".").at(-1) ?? "";
  const value = fact ? (anyUnpack(fact, registry) as Fact | undefined) : undefined;
  const plain = name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  const fallback = `${plain.charAt(0).toUpperCase()}${plain.slice(1)}${value?.workstreamId ? `: ${value.workstreamId}` : ""}`;
  if (!value) return { title: fallback, detail: "", name };
  const title = SENTENCES[name]?.(value) || fallback;
  const detail = [value.reason, value.feedback, value.error, value.summary].filter((part) => part && !title.includes(part)).join(" · ");
  return { title, detail: detail.slice(0, 400), name };
}

export function oldDocument(fact: Any | undefined, kind: "spec" | "plan"): OldDocument | null {
  if (!fact) return null;
  if (kind === "spec") {
    const spec = anyUnpack(fact, SpecUpdatedSchema);
    return spec ? { version: Number(spec.version), content: spec.content } : null;
  }
  const plan = anyUnpack(fact, PlanUpdatedSchema);
  return plan ? { version: Number(plan.version), content: plan.summary, items: plan.items } : null;
}
