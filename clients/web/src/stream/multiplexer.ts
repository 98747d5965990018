import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  SetWatchRequestSchema,
  WatchRequestSchema,
  WatchResponse,
} from "@gen/podium/web/v1/web_service_pb";
import { backoffMs } from "./backoff";
import type { Connection, Target, Watcher } from "./target";

/** Of one watch, as the gateway allows them; the others wait until there is room. */
const MAX_TARGETS = 100;
const MAX_IN_A_CALL = 50;

/** The two calls of the gateway that a multiplexer needs; tests give their own. */
export interface WatchCalls {
  watch(request: MessageInitShape<typeof WatchRequestSchema>, options: { signal: AbortSignal }): AsyncIterable<WatchResponse>;
  setWatch(request: MessageInitShape<typeof SetWatchRequestSchema>): Promise<unknown>;
}

export interface Timing {
  backoff(failures: number): number;
  defaultHeartbeatMs: number;
}

/** One stream for all that a tab shows. Targets come and go beside it; after a loss each resumes where it was. */
export class Multiplexer implements Watcher {
  private targets = new Map<string, Target>();
  private counter = 0;
  private watchId = "";
  private aborter: AbortController | null = null;
  private listeners = new Set<() => void>();
  private wake: (() => void) | null = null;
  private stopped = false;
  private pendingAdd = new Set<string>();
  private pendingRemove = new Set<string>();
  private flushing = false;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private heartbeatMs: number;
  connection: Connection = "connecting";
  interrupted = new Map<string, string>();

  constructor(
    private readonly calls: WatchCalls,
    private readonly timing: Timing = { backoff: backoffMs, defaultHeartbeatMs: 15_000 },
  ) {
    this.heartbeatMs = timing.defaultHeartbeatMs;
  }

  start(): void {
    this.stopped = false;
    void this.run();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.silence);
    this.aborter?.abort();
    this.wake?.();
  }

  /** How many targets it has. */
  get size(): number {
    return this.targets.size;
  }

  add(target: Target): () => void {
    let id = "";
    let gone = false;
    const followed: Target = {
      what: () => target.what(),
      onItem: (item) => target.onItem(item),
      onInterrupted: (message) => target.onInterrupted?.(message),
      onFailed: (failed) =>
        target.onFailed?.(failed, () => {
          if (!gone) id = this.insert(followed);
        }),
    };
    id = this.insert(followed);
    return () => {
      gone = true;
      this.remove(id);
    };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private insert(target: Target): string {
    // Never the same id twice: late items of the one before would be taken for its own.
    this.counter += 1;
    const id = `t${this.counter}`;
    this.targets.set(id, target);
    this.pendingAdd.add(id);
    this.scheduleFlush();
    return id;
  }

  private remove(id: string): void {
    if (!this.targets.delete(id)) return;
    if (this.interrupted.delete(id)) this.tell();
    if (!this.pendingAdd.delete(id)) this.pendingRemove.add(id);
    this.scheduleFlush();
  }

  private scheduleFlush(): void {
    if (this.flushing) return;
    this.flushing = true;
    queueMicrotask(() => void this.flush());
  }

  private async flush(): Promise<void> {
    try {
      while (this.watchId && ((this.pendingAdd.size && this.room() > 0) || this.pendingRemove.size)) {
        const ids = [...this.pendingAdd].slice(0, Math.min(MAX_IN_A_CALL, Math.max(0, this.room())));
        const add = ids.flatMap((id) => this.request(id));
        const remove = [...this.pendingRemove].slice(0, MAX_IN_A_CALL);
        ids.forEach((id) => this.pendingAdd.delete(id));
        remove.forEach((id) => this.pendingRemove.delete(id));
        try {
          await this.calls.setWatch({ watchId: this.watchId, add, remove });
        } catch {
          // The watch is gone or does not answer: a new stream begins with all targets.
          this.watchId = "";
          this.aborter?.abort();
        }
      }
    } finally {
      this.flushing = false;
    }
  }

  private room(): number {
    return MAX_TARGETS - (this.targets.size - this.pendingAdd.size);
  }

  private request(id: string) {
    const target = this.targets.get(id);
    return target ? [{ targetId: id, what: target.what() }] : [];
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stopped) {
      const opened = await this.once();
      if (this.stopped) return;
      failures = opened ? 0 : failures + 1;
      this.setConnection("reconnecting");
      await this.pause(this.timing.backoff(failures));
    }
  }

  /** One stream, until it ends; true where it had opened. */
  private async once(): Promise<boolean> {
    let opened = false;
    const aborter = new AbortController();
    this.aborter = aborter;
    this.watchId = "";
    const first = [...this.targets.keys()].slice(0, MAX_TARGETS);
    this.pendingAdd = new Set([...this.targets.keys()].slice(MAX_TARGETS));
    this.pendingRemove.clear();
    try {
      this.listen(aborter);
      const stream = this.calls.watch({ targets: first.flatMap((id) => this.request(id)) }, { signal: aborter.signal });
      for await (const response of stream) {
        this.listen(aborter);
        if (response.item.case === "opened") {
          opened = true;
          this.watchId = response.item.value.watchId;
          this.heartbeatMs = response.item.value.heartbeatSeconds * 1000 || this.timing.defaultHeartbeatMs;
          this.listen(aborter);
          this.setConnection("connected");
          this.scheduleFlush();
        } else {
          this.deliver(response);
        }
      }
    } catch {
      // Any end is a loss: what was reached is known, the next stream goes on there.
    } finally {
      clearTimeout(this.silence);
      this.watchId = "";
      aborter.abort();
    }
    return opened;
  }

  private listen(aborter: AbortController): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => aborter.abort(), this.heartbeatMs * 2);
  }

  private deliver(response: WatchResponse): void {
    const target = this.targets.get(response.targetId);
    if (!target) return;
    try {
      if (response.item.case === "interrupted") {
        this.interrupted.set(response.targetId, response.item.value.message);
        this.tell();
        target.onInterrupted?.(response.item.value.message);
        return;
      }
      if (this.interrupted.delete(response.targetId)) {
        this.tell();
        target.onInterrupted?.("");
      }
      if (response.item.case === "failed") {
        this.targets.delete(response.targetId);
        target.onFailed?.(response.item.value, () => undefined);
      } else {
        target.onItem(response.item);
      }
    } catch (error) {
      // One target's fault must not end the stream of all.
      console.error("a watch's handler failed", error);
    }
  }

  private setConnection(connection: Connection): void {
    if (this.connection === connection) return;
    this.connection = connection;
    if (connection !== "connected") this.interrupted.clear();
    this.tell();
  }

  private tell(): void {
    this.listeners.forEach((listener) => listener());
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  retryNow(): void {
    this.wake?.();
  }
}
