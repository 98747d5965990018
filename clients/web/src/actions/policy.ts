import type { MessageInitShape } from "@bufbuild/protobuf";
import { AgentKind, Autonomy, Landing, PermissionMode, Priority, type Pod, type PolicySchema } from "@gen/podium/pods/v1/pod_pb";
import { num } from "@/lib/numbers";
import type { Field, FormSpec, Values } from "@/ui/form";
import { podActions } from "@/api/podActions";

const seconds = (duration: { seconds: bigint } | undefined) => num(duration?.seconds);
const shown = (value: number) => (value > 0 ? String(value) : "");
const duration = (text: string, unit: number) => ({ seconds: BigInt(Math.round(Number(text || 0) * unit)) });

/** The fields, each with the path that UpdatePolicy knows it by. */
function fields(pod: Pod, profiles: readonly string[]): (Field & { path: string })[] {
  const policy = pod.policy;
  const used = defaultProfile(pod);
  const names = [...new Set([used, ...profiles])].filter(Boolean);
  return [
    { path: "budget.cost_micros", kind: "number", name: "cost", label: "Budget: cost", unit: "US $", step: 0.01, initial: shown(num(policy?.budget?.costMicros) / 1e6), hint: "Empty: no limit." },
    { path: "budget.tokens", kind: "number", name: "tokens", label: "Budget: tokens", step: 1, initial: shown(num(policy?.budget?.tokens)), hint: "In and out together." },
    { path: "budget.agent_time", kind: "number", name: "time", label: "Budget: agent time", unit: "hours", step: 0.1, initial: shown(seconds(policy?.budget?.agentTime) / 3600) },
    { path: "agent_time_limit", kind: "number", name: "limit", label: "One agent lives at most", unit: "minutes", step: 1, initial: shown(seconds(policy?.agentTimeLimit) / 60) },
    { path: "autonomy", kind: "choice", name: "autonomy", label: "Approvals", initial: String(policy?.autonomy || Autonomy.GUIDED), options: [[String(Autonomy.GUIDED), "A person approves"], [String(Autonomy.AUTONOMOUS), "By policy (needs a budget)"]] },
    { path: "permissions", kind: "choice", name: "permissions", label: "Agents may, without asking", initial: String(policy?.permissions || PermissionMode.EDITS), options: [[String(PermissionMode.EDITS), "Edit; the rest asks"], [String(PermissionMode.ASK), "Nothing: everything asks"], [String(PermissionMode.ALLOW), "Everything"]] },
    { path: "max_parallel_agents", kind: "number", name: "parallel", label: "Agents at once", min: 1, initial: String(policy?.maxParallelAgents || 3) },
    { path: "max_attempts", kind: "number", name: "attempts", label: "Attempts of a workstream", min: 1, initial: String(policy?.maxAttempts || 3) },
    { path: "profiles", kind: "choice", name: "profile", label: "Agent", initial: used, options: names.map((name) => [name, name] as const) },
    { path: "priority", kind: "choice", name: "priority", label: "Rank among pods", initial: String(policy?.priority || Priority.NORMAL), options: [[String(Priority.HIGH), "High"], [String(Priority.NORMAL), "Normal"], [String(Priority.LOW), "Low"]] },
    { path: "landing", kind: "choice", name: "landing", label: "Approved work lands", initial: String(policy?.landing || Landing.TARGET), options: [[String(Landing.TARGET), "On the target branch"], [String(Landing.PULL_REQUEST), "By a pull request"]] },
    { path: "spawn_cooldown", kind: "number", name: "cooldown", label: "Pause between two starts", unit: "seconds", initial: shown(seconds(policy?.spawnCooldown)) },
    { path: "auto_start_agents", kind: "box", name: "auto", label: "Start agents by themselves", initial: policy?.autoStartAgents === false ? "" : "yes", hint: "Off: each waits for your word." },
  ];
}

const defaultProfile = (pod: Pod) => pod.policy?.profiles.find((each) => each.kind === AgentKind.UNSPECIFIED)?.profile ?? pod.policy?.profiles[0]?.profile ?? "";

function policyOf(pod: Pod, values: Values): MessageInitShape<typeof PolicySchema> {
  const text = (name: string) => values[name] ?? "";
  const others = (pod.policy?.profiles ?? []).filter((each) => each.kind !== AgentKind.UNSPECIFIED);
  return {
    budget: { tokens: BigInt(Math.round(Number(text("tokens") || 0))), costMicros: BigInt(Math.round(Number(text("cost") || 0) * 1e6)), agentTime: duration(text("time"), 3600) },
    agentTimeLimit: duration(text("limit"), 60),
    autonomy: Number(text("autonomy")),
    permissions: Number(text("permissions")),
    maxParallelAgents: Number(text("parallel")),
    maxAttempts: Number(text("attempts")),
    profiles: [{ kind: AgentKind.UNSPECIFIED, profile: text("profile") }, ...others],
    priority: Number(text("priority")),
    landing: Number(text("landing")),
    spawnCooldown: duration(text("cooldown"), 1),
    autoStartAgents: text("auto") === "yes",
  };
}

/** The pod's rules and its budget; only what was changed is sent, so that two people do not undo each other. */
export function policyForm(pod: Pod, profiles: readonly string[]): FormSpec {
  const all = fields(pod, profiles);
  return {
    title: "Rules and budget", verb: "Save", done: "Rules changed", description: "They hold at once, also for what is under way.",
    fields: all,
    act: async (values) => {
      const paths = all.filter((field) => (values[field.name] ?? "") !== (field.initial ?? "")).map((field) => field.path);
      if (paths.length > 0) await podActions(pod.podId).updatePolicy(policyOf(pod, values), paths);
    },
  };
}
