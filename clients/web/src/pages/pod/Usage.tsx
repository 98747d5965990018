import { useQuery } from "@tanstack/react-query";
import { policyForm } from "@/actions/policy";
import { profiles } from "@/api/queries";
import { isFinished } from "@/lib/words";
import { Button } from "@/ui/Button";
import { ask } from "@/ui/form";
import { Icon } from "@/ui/Icon";
import { Autonomy, Landing, PermissionMode } from "@gen/podium/pods/v1/pod_pb";
import { num } from "@/lib/numbers";
import { span } from "@/lib/time";
import { usePodView } from "./PodContext";

export function Usage() {
  const { pod, past } = usePodView();
  const { data: agents } = useQuery(profiles);
  const { usage, policy } = pod;
  const budget = policy?.budget;
  const rows: [string, string][] = [
    ["Tokens", `${num(usage?.inputTokens).toLocaleString()} in, ${num(usage?.outputTokens).toLocaleString()} out${budget?.tokens ? ` of ${num(budget.tokens).toLocaleString()}` : ""}`],
    ["Cost", `$${(num(usage?.costMicros) / 1e6).toFixed(2)}${budget?.costMicros ? ` of $${(num(budget.costMicros) / 1e6).toFixed(2)}` : ""}`],
    ["Agent time", `${span(num(usage?.agentTime?.seconds) * 1000)}${budget?.agentTime?.seconds ? ` of ${span(num(budget.agentTime.seconds) * 1000)}` : ""}`],
    ["Agent", [...new Set(policy?.profiles.map((each) => each.profile))].join(", ") || "default"],
    ["Approvals", policy?.autonomy === Autonomy.AUTONOMOUS ? "by policy" : "by a person"],
    ["Permissions", ({ [PermissionMode.ASK]: "asks for everything", [PermissionMode.ALLOW]: "asks for nothing" } as Record<number, string>)[policy?.permissions ?? 0] ?? "edits; asks for the rest"],
    ["Lands", policy?.landing === Landing.PULL_REQUEST ? "by a pull request" : `on ${pod.repository?.baseBranch || "the target branch"}`],
    ["Side by side", `${policy?.maxParallelAgents || 3} agents, ${policy?.maxAttempts || 3} attempts each`],
  ];
  return (
    <section className="card p-4">
      <div className="mb-2 flex items-center gap-2">
        <h2 className="flex-1 font-semibold">Use and rules</h2>
        {!past && !isFinished(pod.phase) && <Button small kind="ghost" className="-my-1 -mr-2" onClick={() => ask(policyForm(pod, agents ?? []))}><Icon name="sliders" size={12} />Change…</Button>}
      </div>
      <dl className="space-y-1.5">
        {rows.map(([name, value]) => (
          <div key={name} className="flex gap-3"><dt className="w-24 shrink-0 text-faint">{name}</dt><dd className="min-w-0 flex-1 break-words">{value}</dd></div>
        ))}
      </dl>
    </section>
  );
}
