import { useEffect, useState, useSyncExternalStore } from "react";
import { num } from "@/lib/numbers";
import { watcher } from "@/stream/watcher";
import type { Pod } from "@gen/podium/pods/v1/pod_pb";
import { WatchStart } from "@gen/podium/pods/v1/pod_service_pb";
import { KeyedStore } from "./keyed";
import { applyPodChange } from "./pod";

export interface PodState {
  pod: Pod | null;
  /** In words; empty: none. */
  error: string;
}

const KEY = "pod";

/** One pod, kept by the watch; told at most ten times a second. */
export class PodStore extends KeyedStore<PodState> {
  private resume = 0;

  constructor(readonly podId: string) {
    super({ pod: null, error: "" });
  }

  watch(): () => void {
    let release = () => {};
    const again = () => {
      release();
      this.resume = 0;
      release = this.attach(again);
    };
    release = this.attach(again);
    return () => release();
  }

  private attach(again: () => void): () => void {
    return watcher.add({
      what: () => {
        const from = this.resume > 0 ? { afterRevision: BigInt(this.resume) } : { start: WatchStart.SNAPSHOT };
        return { case: "pod", value: { podId: this.podId, ...from } };
      },
      onItem: (item) => {
        if (item.case !== "pod") return;
        const inner = item.value.item;
        if (inner.case === "snapshot") this.set(inner.value);
        if (inner.case === "bookmark") this.resume = Math.max(this.resume, num(inner.value.revision));
        if (inner.case !== "change" || !this.state.pod) return;
        const applied = applyPodChange(this.state.pod, inner.value);
        if (applied.outcome === "gap") again();
        else if (applied.outcome === "applied") this.set(applied.pod);
      },
      onFailed: (failed, restart) => {
        this.resume = 0;
        if (failed.code === 11 || failed.code === 14) restart();
        else this.dispatch((state) => ({ state: { ...state, error: failed.message || failed.reason }, touched: [KEY] }));
      },
    });
  }

  private set(pod: Pod): void {
    this.resume = num(pod.revision);
    this.dispatch(() => ({ state: { pod, error: "" }, touched: [KEY] }));
  }
}

const stores = new Map<string, { store: PodStore; users: number; stop: () => void }>();

function held(podId: string) {
  let entry = stores.get(podId);
  if (!entry) {
    entry = { store: new PodStore(podId), users: 0, stop: () => undefined };
    stores.set(podId, entry);
  }
  return entry;
}

/** A pod, watched as long as a view shows it. */
export function usePod(podId: string): PodState {
  const [store, setStore] = useState(() => held(podId).store);
  useEffect(() => {
    const entry = held(podId);
    setStore(entry.store);
    entry.users += 1;
    if (entry.users === 1) entry.stop = entry.store.watch();
    return () => {
      entry.users -= 1;
      if (entry.users > 0) return;
      entry.stop();
      stores.delete(podId);
    };
  }, [podId]);
  const state = useSyncExternalStore(
    (listener) => store.subscribe(KEY, listener),
    () => store.state,
  );
  return store.podId === podId ? state : { pod: null, error: "" };
}
