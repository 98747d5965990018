import { useCallback, useSyncExternalStore } from "react";
import { watcher } from "@/stream/watcher";
import type { PodSummary } from "@gen/podium/pods/v1/pod_pb";
import { applyBoard, emptyBoard, podKey, type BoardState } from "./board";
import { KeyedStore } from "./keyed";

/** All pods of the installation; the shell holds its watch open. */
export const board = new KeyedStore<BoardState>(emptyBoard());

export function watchBoard(): () => void {
  return watcher.add({
    what: () => {
      const { position, synced } = board.state;
      return { case: "board", value: synced ? { afterPosition: BigInt(position) } : {} };
    },
    onItem: (item) => {
      if (item.case === "board") board.dispatch((state) => applyBoard(state, item.value));
    },
    onFailed: (_failed, restart) => {
      board.dispatch((state) => ({ state: { ...state, position: 0, synced: false }, touched: [] }));
      setTimeout(restart, 1000);
    },
  });
}

export function useBoardKey(key: string): BoardState {
  const subscribe = useCallback((listener: () => void) => board.subscribe(key, listener), [key]);
  // The version, not the state: a view of a key does not render for another key's change.
  useSyncExternalStore(subscribe, () => board.version(key));
  return board.state;
}

export function usePodSummary(podId: string): PodSummary | undefined {
  const subscribe = useCallback((listener: () => void) => board.subscribe(podKey(podId), listener), [podId]);
  return useSyncExternalStore(subscribe, () => board.state.pods.get(podId));
}
