import { Multiplexer, type WatchCalls } from "./multiplexer";
import { SharedWatch } from "./sharedWatch";
import type { Port, ToHub, ToTab } from "./messages";
import type { Connection, Target, Watcher } from "./target";

/** How long the worker may take to say its first word before this tab opens a watch of its own. */
const PATIENCE_MS = 10_000;

interface Shared {
  port: Port<ToTab, ToHub>;
  onError: (listener: () => void) => void;
  /** Calls back when this tab holds a lock of this name, which it does as long as it lives. */
  hold: (lock: string, held: () => void) => void;
}

/** The shared watch where the browser has shared workers and locks; the tab's own where it has not, or where it fails. */
export class ChosenWatch implements Watcher {
  private inner: Watcher;
  private readonly targets = new Map<Target, () => void>();
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly calls: WatchCalls,
    private readonly shared: Shared | null,
    private readonly patienceMs = PATIENCE_MS,
  ) {
    this.inner = shared ? new SharedWatch(shared.port) : new Multiplexer(calls);
    this.inner.subscribe(this.tell);
  }

  get connection(): Connection {
    return this.inner.connection;
  }

  get interrupted(): ReadonlyMap<string, string> {
    return this.inner.interrupted;
  }

  start(): void {
    this.inner.start();
    if (!this.shared || !(this.inner instanceof SharedWatch)) return;
    const { inner, shared } = this;
    const timer = setTimeout(() => this.fallBack(), this.patienceMs);
    inner.subscribe(() => clearTimeout(timer));
    shared.onError(() => this.fallBack());
    const lock = `podium-tab-${crypto.randomUUID()}`;
    shared.hold(lock, () => inner.hello(lock));
  }

  add(target: Target): () => void {
    this.targets.set(target, this.inner.add(target));
    return () => {
      this.targets.get(target)?.();
      this.targets.delete(target);
    };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  retryNow(): void {
    this.inner.retryNow();
  }

  private fallBack(): void {
    if (!this.shared || this.inner instanceof Multiplexer) return;
    this.shared.port.postMessage({ kind: "bye" });
    this.shared.port.onmessage = null;
    this.inner = new Multiplexer(this.calls);
    this.inner.subscribe(this.tell);
    for (const target of this.targets.keys()) this.targets.set(target, this.inner.add(target));
    this.inner.start();
    this.tell();
  }

  private tell = (): void => this.listeners.forEach((listener) => listener());
}

/** The worker of all tabs; null where the browser cannot share. */
export function sharedWorker(): Shared | null {
  if (!("SharedWorker" in window) || !("locks" in navigator)) return null;
  try {
    const worker = new SharedWorker(new URL("./shared.worker.ts", import.meta.url), { type: "module", name: "podium" });
    return {
      port: worker.port as unknown as Port<ToTab, ToHub>,
      onError: (listener) => worker.addEventListener("error", listener),
      hold: (lock, held) =>
        void navigator.locks.request(lock, () => {
          held();
          return new Promise(() => undefined);
        }),
    };
  } catch {
    return null;
  }
}
