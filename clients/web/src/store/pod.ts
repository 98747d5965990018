import type { Pod } from "@gen/podium/pods/v1/pod_pb";
import type { PodChange } from "@gen/podium/pods/v1/pod_service_pb";
import { num } from "@/lib/numbers";

/** A change as it applies to a pod: applied, seen before, or with a hole before it (take a new snapshot). */
export type Applied = { pod: Pod; outcome: "applied" } | { pod: Pod; outcome: "seen" | "gap" };

export function applyPodChange(pod: Pod, change: PodChange): Applied {
  const held = num(pod.revision);
  if (num(change.toRevision) <= held) return { pod, outcome: "seen" };
  if (num(change.fromRevision) > held || !change.pod) return { pod, outcome: "gap" };
  return {
    outcome: "applied",
    pod: {
      ...change.pod,
      revision: change.toRevision,
      workstreams: upsert(pod.workstreams, change.workstreams),
      agents: upsert(pod.agents, change.agents),
      jobs: upsert(pod.jobs, change.jobs, change.removedJobs),
      messages: upsert(pod.messages, change.messages),
      inbox: upsert(pod.inbox, change.inbox, change.removedInbox),
    },
  };
}

/** Entities keep their identity where they did not change, so that their rows do not render again. */
export function upsert<T extends { id: string }>(held: T[], changed: readonly T[], removed: readonly string[] = []): T[] {
  if (changed.length === 0 && removed.length === 0) return held;
  const byId = new Map(held.map((each) => [each.id, each]));
  for (const each of changed) byId.set(each.id, each);
  for (const id of removed) byId.delete(id);
  return [...byId.values()];
}
