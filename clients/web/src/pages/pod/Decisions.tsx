import { InboxReason, type InboxItem, type Pod } from "@gen/podium/pods/v1/pod_pb";
import { ms } from "@/lib/time";
import { DecisionHead } from "./decisions/DecisionHead";
import { Approval } from "./decisions/Approval";
import { Plain } from "./decisions/Plain";
import { Question } from "./decisions/Question";
import { FailedWorkstream } from "./decisions/FailedWorkstream";

export interface DecisionProps {
  pod: Pod;
  item: InboxItem;
  /** Shown outside of the pod's page: with a way there. */
  linked: boolean;
}

/** The inbox of a pod: each item with what can be done about it, here; of the past only what it was. */
export function Decisions({ pod, linked = false, past = false }: { pod: Pod; linked?: boolean; past?: boolean }) {
  const items = [...pod.inbox].sort((a, b) => ms(a.createdTime) - ms(b.createdTime));
  return (
    <ul className="divide-y divide-line" data-testid="decisions">
      {items.map((item) => <li key={item.id} className="p-4">{past ? <DecisionHead item={item}>{item.text}</DecisionHead> : <Decision pod={pod} item={item} linked={linked} />}</li>)}
    </ul>
  );
}

function Decision(props: DecisionProps) {
  const { pod, item } = props;
  if (item.reason === InboxReason.NEEDS_APPROVAL) return <Approval {...props} />;
  if (item.reason === InboxReason.WORKSTREAM_FAILED) return <FailedWorkstream {...props} />;
  const message = pod.messages.find((each) => each.id === item.subject);
  if (message && !message.answer && (item.reason === InboxReason.QUESTION_ASKED || item.reason === InboxReason.PERMISSION)) {
    return <Question {...props} message={message} />;
  }
  return <Plain {...props} />;
}
