import type { PodSummary } from "@gen/podium/pods/v1/pod_pb";
import { num } from "@/lib/numbers";
import type { Reduced } from "./keyed";

export interface BoardState {
  pods: ReadonlyMap<string, PodSummary>;
  /** Resume after it. */
  position: number;
  /** All pods have been sent once. */
  synced: boolean;
}

export const emptyBoard = (): BoardState => ({ pods: new Map(), position: 0, synced: false });

/** The order and the columns of the board: changes when a pod comes or changes its phase. */
export const LAYOUT = "board:layout";
/** Sums over all pods: counts, attention. */
export const TOTALS = "board:totals";
export const podKey = (id: string) => `pod:${id}`;

export function applyBoard(
  state: BoardState,
  response: { pods: readonly PodSummary[]; position: bigint; synced: boolean },
): Reduced<BoardState> {
  const touched: string[] = [];
  const pods = new Map(state.pods);
  for (const pod of response.pods) {
    const held = pods.get(pod.podId);
    if (held && num(held.revision) >= num(pod.revision)) continue;
    pods.set(pod.podId, pod);
    touched.push(podKey(pod.podId));
    if (!held || held.phase !== pod.phase || held.title !== pod.title) touched.push(LAYOUT);
    if (!held || held.attention !== pod.attention || held.phase !== pod.phase) touched.push(TOTALS);
  }
  if (response.synced && !state.synced) touched.push(LAYOUT, TOTALS);
  const position = Math.max(state.position, num(response.position));
  return {
    state: { pods: touched.length ? pods : state.pods, position, synced: state.synced || response.synced },
    touched,
  };
}
