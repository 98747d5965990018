import { Link } from "@tanstack/react-router";
import { InboxReason, type Message } from "@gen/podium/pods/v1/pod_pb";
import { podActions } from "@/api/podActions";
import { Button } from "@/ui/Button";
import { Markdown } from "@/ui/Markdown";
import { useAction } from "@/ui/useAction";
import type { DecisionProps } from "../Decisions";
import { proposal, waysToLand, webAddress } from "../review/landing";
import { DecisionHead } from "./DecisionHead";

/** Blockers, budget, landing, conflicts, documents that could not be written. */
export function Plain({ pod, item, linked }: DecisionProps) {
  const [busy, run] = useAction();
  const actions = podActions(pod.podId);
  const message = pod.messages.find((each) => each.id === item.subject);
  const proposed = item.reason === InboxReason.LANDING_BLOCKED ? proposal(pod) : null;
  const again = () => {
    if (item.reason === InboxReason.LANDING_BLOCKED || item.reason === InboxReason.CONFLICT) return { verb: proposed ? "Look whether it is merged" : waysToLand(pod)[0].again, act: () => actions.land() };
    if (item.reason !== InboxReason.DOCUMENT_FAILED) return null;
    return item.subject === "plan" ? { verb: "Plan again", act: () => actions.requestPlan("") } : { verb: "Write again", act: () => actions.requestSpec("") };
  };
  const next = again();
  const address = proposed ? webAddress(proposed.url) : "";
  const error = item.reason === InboxReason.LANDING_BLOCKED || item.reason === InboxReason.CONFLICT ? pod.review?.landingError : "";
  return (
    <div className="space-y-3">
      <DecisionHead item={item} tone="bad">{message ? `${who(message)} cannot go on` : item.text}</DecisionHead>
      {message && <Markdown>{message.content}</Markdown>}
      {error && <pre tabIndex={0} className="overflow-x-auto rounded-lg bg-sunken p-3 font-mono text-xs whitespace-pre-wrap">{error}</pre>}
      <div className="flex flex-wrap gap-2">
        {next && <Button kind="primary" disabled={busy} onClick={() => void run(next.act)}>{next.verb}</Button>}
        {address && <a href={address} target="_blank" rel="noreferrer noopener" className="inline-flex h-8 items-center rounded-lg px-3 font-medium text-accent-text hover:bg-sunken">Open it there</a>}
        {!item.read && <Button disabled={busy} onClick={() => void run(() => actions.markRead([item.id]))}>Mark as read</Button>}
        {linked && <Link to="/pod/$podId" params={{ podId: pod.podId }} className="inline-flex h-8 items-center rounded-lg px-3 font-medium text-accent-text hover:bg-sunken">Open the pod</Link>}
      </div>
    </div>
  );
}

const who = (message: Message) => message.workstreamId || message.author.replace(/^user:/, "");
