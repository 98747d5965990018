import { useState } from "react";
import { podActions } from "@/api/podActions";
import { Button } from "@/ui/Button";
import { useAction } from "@/ui/useAction";
import type { DecisionProps } from "../Decisions";
import { DecisionHead } from "./DecisionHead";

/** A workstream cannot go on by itself: again, without it, or not at all. */
export function FailedWorkstream({ pod, item }: DecisionProps) {
  const [advice, setAdvice] = useState("");
  const [busy, run] = useAction();
  const actions = podActions(pod.podId);
  const workstream = pod.workstreams.find((each) => each.id === item.subject);
  const last = workstream?.attempts.at(-1);
  const why = workstream?.reason || last?.error || "";
  return (
    <div className="space-y-3">
      <DecisionHead item={item} tone="bad">{item.text}</DecisionHead>
      {why && !item.text.includes(why) && <p className="text-muted break-words">{why}</p>}
      {last?.checksOutput && <pre tabIndex={0} className="max-h-48 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs">{last.checksOutput}</pre>}
      <textarea aria-label="Advice for the next attempt" rows={1} className="field" placeholder="Advice for the next attempt (optional)" value={advice} onChange={(event) => setAdvice(event.target.value)} />
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" disabled={busy} onClick={() => void run(() => actions.retryWorkstream(item.subject, advice))}>Try again</Button>
        <Button disabled={busy} onClick={() => void run(() => actions.skipWorkstream(item.subject, advice))}>Go on without it</Button>
      </div>
    </div>
  );
}
