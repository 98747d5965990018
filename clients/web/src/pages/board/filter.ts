import { Phase, type PodSummary } from "@gen/podium/pods/v1/pod_pb";
import { num } from "@/lib/numbers";
import { isFinished } from "@/lib/words";

export interface Filter {
  text: string;
  projectId: string;
  attentionOnly: boolean;
}

export const COLUMNS = [
  { phase: Phase.SPEC_CLARIFICATION, title: "Spec" },
  { phase: Phase.PLANNING, title: "Plan" },
  { phase: Phase.WORKSTREAM_EXECUTION, title: "Work" },
  { phase: Phase.REVIEW, title: "Review" },
  { phase: Phase.COMPLETED, title: "Done" },
] as const;

export function matches(pod: PodSummary, filter: Filter): boolean {
  if (filter.projectId && pod.projectId !== filter.projectId) return false;
  if (filter.attentionOnly && (isFinished(pod.phase) || pod.attention === 0)) return false;
  const text = `#${pod.number} ${pod.title}`.toLowerCase();
  return filter.text.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/** Ids by column: what wants a person first, then the newest; cancelled ones stand with the done. */
export function arrange(pods: Iterable<PodSummary>, filter: Filter): Map<Phase, string[]> {
  const columns = new Map<Phase, PodSummary[]>(COLUMNS.map(({ phase }) => [phase, []]));
  for (const pod of pods) {
    if (matches(pod, filter)) columns.get(pod.phase === Phase.CANCELLED ? Phase.COMPLETED : pod.phase)?.push(pod);
  }
  const wants = (pod: PodSummary) => (isFinished(pod.phase) ? 0 : Math.min(1, pod.attention));
  const order = (a: PodSummary, b: PodSummary) => wants(b) - wants(a) || num(b.createdTime?.seconds) - num(a.createdTime?.seconds) || num(b.number) - num(a.number);
  return new Map([...columns].map(([phase, list]) => [phase, list.sort(order).map((pod) => pod.podId)]));
}
