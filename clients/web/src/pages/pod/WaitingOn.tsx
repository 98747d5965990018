import { waits } from "@/lib/words";
import { Since } from "@/ui/Since";
import { Notice } from "@/ui/Notice";
import { usePodView } from "./PodContext";

/** Why nothing moves, in words. */
export function WaitingOn() {
  const { pod } = usePodView();
  if (pod.waitingOn.length === 0) {
    return pod.scheduler?.pendingAction ? <Notice tone="live"><span className="first-letter:uppercase inline-block">{pod.scheduler.pendingAction}</span></Notice> : null;
  }
  return (
    <div className="space-y-2">
      {pod.waitingOn.map((entry) => (
        <Notice key={`${entry.kind}-${entry.subject}`} tone="wait">
          {waits(entry.text)}
          {entry.untilTime && <> · goes on in <Since time={entry.untilTime} until /></>}
          {!entry.untilTime && entry.sinceTime && <> · since <Since time={entry.sinceTime} /></>}
        </Notice>
      ))}
    </div>
  );
}
