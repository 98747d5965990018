import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ChecksResult } from "@gen/podium/pods/v1/pod_pb";
import { podActions } from "@/api/podActions";
import { Button } from "@/ui/Button";
import { Markdown } from "@/ui/Markdown";
import { useAction } from "@/ui/useAction";
import type { DecisionProps } from "../Decisions";
import { waysToLand } from "../review/landing";
import { DecisionHead } from "./DecisionHead";

/** Spec, plan or review wait for a person. */
export function Approval({ pod, item, linked }: DecisionProps) {
  const [busy, run] = useAction();
  const [open, setOpen] = useState(false);
  const actions = podActions(pod.podId);
  const subject = item.subject as "spec" | "plan" | "review";
  const approve = () => {
    if (subject === "spec") return actions.approveSpec(pod.spec?.version ?? 0n);
    if (subject === "plan") return actions.approvePlan(pod.plan?.version ?? 0n);
    return actions.approveReview(pod.review?.integrationCommit ?? "");
  };
  const verb = { spec: "Approve spec", plan: "Approve plan", review: waysToLand(pod)[0].approve }[subject];
  return (
    <div className="space-y-3">
      <DecisionHead item={item}>{item.text}</DecisionHead>
      {subject === "review" && <Verdict checks={pod.review?.checks ?? 0} files={pod.review?.filesChanged ?? 0} plus={pod.review?.insertions ?? 0} minus={pod.review?.deletions ?? 0} />}
      {open && (
        <div className="max-h-96 overflow-y-auto rounded-lg border border-line p-4" tabIndex={0} role="region" aria-label="Document">
          <Markdown>{subject === "spec" ? (pod.spec?.content ?? "") : planText(pod.plan)}</Markdown>
        </div>
      )}
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" disabled={busy} onClick={() => void run(approve)}>{verb}</Button>
        {linked && subject !== "review" && <Button onClick={() => setOpen(!open)} aria-expanded={open}>{open ? "Hide" : "Read here"}</Button>}
        <Link to="/pod/$podId" params={{ podId: pod.podId }} search={{ tab: subject }} className="inline-flex h-8 items-center rounded-lg px-3 font-medium text-accent-text hover:bg-sunken">
          {subject === "review" ? "Look at the changes" : `Open the ${subject}`}
        </Link>
      </div>
    </div>
  );
}

function Verdict({ checks, files, plus, minus }: { checks: ChecksResult; files: number; plus: number; minus: number }) {
  const words = { [ChecksResult.PASSED]: ["text-good", "Checks passed"], [ChecksResult.FAILED]: ["text-bad", "Checks failed"], [ChecksResult.NONE]: ["text-wait", "NOT VERIFIED: the repository names no checks"] } as Record<number, string[]>;
  const [tone, text] = words[checks] ?? ["text-faint", "Being verified"];
  return <p><span className={`font-medium ${tone}`}>{text}</span><span className="text-faint"> · {files} files, +{plus} −{minus}</span></p>;
}

function planText(plan: DecisionProps["pod"]["plan"]): string {
  const items = plan?.items.map((item) => `### ${item.title}\n${item.dependencies.length ? `_after ${item.dependencies.join(", ")}_\n\n` : ""}${item.description}`) ?? [];
  return [plan?.summary ?? "", ...items].join("\n\n");
}
