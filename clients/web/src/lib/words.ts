import { AgentKind, AgentStatus, InboxReason, Phase, WorkstreamStatus } from "@gen/podium/pods/v1/pod_pb";
import { SessionStatus, TaskStatus } from "@gen/podium/tasks/v1/task_pb";

/** How loud something is: decides its colour everywhere. */
export type Tone = "neutral" | "active" | "wait" | "good" | "bad" | "muted";

export interface Word {
  text: string;
  tone: Tone;
}

export const PHASES: { phase: Phase; text: string; short: string }[] = [
  { phase: Phase.SPEC_CLARIFICATION, text: "Spec", short: "Spec" },
  { phase: Phase.PLANNING, text: "Plan", short: "Plan" },
  { phase: Phase.WORKSTREAM_EXECUTION, text: "Work", short: "Work" },
  { phase: Phase.REVIEW, text: "Review", short: "Review" },
  { phase: Phase.COMPLETED, text: "Landed", short: "Done" },
];

const table = <E extends number>(entries: [E, string, Tone][]): ((value: E) => Word) => {
  const words = new Map(entries.map(([value, text, tone]) => [value, { text, tone }]));
  return (value) => words.get(value) ?? { text: "Unknown", tone: "muted" };
};

export const phaseWord = table<Phase>([
  [Phase.SPEC_CLARIFICATION, "Spec", "active"],
  [Phase.PLANNING, "Plan", "active"],
  [Phase.WORKSTREAM_EXECUTION, "Work", "active"],
  [Phase.REVIEW, "Review", "wait"],
  [Phase.COMPLETED, "Completed", "good"],
  [Phase.CANCELLED, "Cancelled", "muted"],
]);

export const workstreamWord = table<WorkstreamStatus>([
  [WorkstreamStatus.PENDING, "Pending", "neutral"],
  [WorkstreamStatus.BLOCKED, "Blocked", "bad"],
  [WorkstreamStatus.READY, "Ready", "neutral"],
  [WorkstreamStatus.IN_PROGRESS, "Working", "active"],
  [WorkstreamStatus.MERGING, "Merging", "active"],
  [WorkstreamStatus.COMPLETED, "Done", "good"],
  [WorkstreamStatus.FAILED, "Failed", "bad"],
  [WorkstreamStatus.SKIPPED, "Skipped", "muted"],
  [WorkstreamStatus.CANCELLED, "Cancelled", "muted"],
]);

export const agentWord = table<AgentStatus>([
  [AgentStatus.PENDING_START, "Waits for start", "wait"],
  [AgentStatus.REQUESTED, "Requested", "neutral"],
  [AgentStatus.STARTING, "Starting", "active"],
  [AgentStatus.RUNNING, "Running", "active"],
  [AgentStatus.AWAITING_INPUT, "Awaits answer", "wait"],
  [AgentStatus.COMPLETED, "Completed", "good"],
  [AgentStatus.FAILED, "Failed", "bad"],
  [AgentStatus.INTERRUPTED, "Interrupted", "muted"],
  [AgentStatus.LOST, "Lost", "bad"],
]);

export const taskWord = table<TaskStatus>([
  [TaskStatus.PENDING, "Pending", "neutral"],
  [TaskStatus.IN_PROGRESS, "In progress", "active"],
  [TaskStatus.IN_REVIEW, "In review", "wait"],
  [TaskStatus.BLOCKED, "Blocked", "bad"],
  [TaskStatus.COMPLETED, "Completed", "good"],
  [TaskStatus.CANCELLED, "Cancelled", "muted"],
]);

export const sessionWord = table<SessionStatus>([
  [SessionStatus.STARTING, "Starting", "active"],
  [SessionStatus.WORKING, "Working", "active"],
  [SessionStatus.IDLE, "Idle", "neutral"],
  [SessionStatus.COMPLETED, "Completed", "good"],
  [SessionStatus.FAILED, "Failed", "bad"],
  [SessionStatus.STOPPED, "Stopped", "muted"],
]);

const KINDS: Record<number, string> = {
  [AgentKind.SPEC_WRITER]: "Spec writer",
  [AgentKind.PLANNER]: "Planner",
  [AgentKind.WORKER]: "Worker",
  [AgentKind.REVIEWER]: "Reviewer",
  [AgentKind.RESOLVER]: "Resolver",
};
export const kindWord = (kind: AgentKind): string => KINDS[kind] ?? "Agent";

const REASONS: Record<number, string> = {
  [InboxReason.NEEDS_APPROVAL]: "Approval",
  [InboxReason.QUESTION_ASKED]: "Question",
  [InboxReason.BLOCKER_RAISED]: "Blocker",
  [InboxReason.WORKSTREAM_FAILED]: "Workstream",
  [InboxReason.BUDGET_REACHED]: "Budget",
  [InboxReason.LANDING_BLOCKED]: "Landing",
  [InboxReason.CONFLICT]: "Conflict",
  [InboxReason.PERMISSION]: "Permission",
  [InboxReason.DOCUMENT_FAILED]: "Document",
  [InboxReason.RUNNER_MISSING]: "Runner",
  [InboxReason.LOGIN_FAILED]: "Login",
};
export const reasonWord = (reason: InboxReason): string => REASONS[reason] ?? "Notice";

export const isOver = (status: AgentStatus): boolean => status >= AgentStatus.COMPLETED;
export const isFinished = (phase: Phase): boolean => phase === Phase.COMPLETED || phase === Phase.CANCELLED;

/** "$0.42" or "12.3k tokens": the cost where it is known. */
export function cost(usage: { costMicros: bigint; inputTokens: bigint; outputTokens: bigint } | undefined): string {
  if (!usage) return "";
  if (usage.costMicros > 0n) return `$${(Number(usage.costMicros) / 1e6).toFixed(2)}`;
  const tokens = Number(usage.inputTokens + usage.outputTokens);
  if (tokens === 0) return "";
  return tokens < 1000 ? `${tokens} tok` : `${(tokens / 1000).toFixed(1)}k tok`;
}

/** Why nothing moves, as a sentence. Some reasons name what is waited for, others say what is the matter. */
export function waits(text: string): string {
  if (/^(approval|an answer|a |the next|StartAgent|StartWorkstream|runner |pull request|merge request)/.test(text)) return `Waits for ${text}`;
  return sentence(text);
}

export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
