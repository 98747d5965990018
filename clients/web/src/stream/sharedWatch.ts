import type { Port, ToHub, ToTab } from "./messages";
import type { Connection, Target, Watcher } from "./target";

const ACK_EVERY = 16;

/** This tab's side of the watch that all tabs share. Each loss is answered with the resume points reached here. */
export class SharedWatch implements Watcher {
  connection: Connection = "connecting";
  interrupted = new Map<string, string>();
  private targets = new Map<string, Target>();
  private listeners = new Set<() => void>();
  private epoch = 0;
  private counter = 0;
  private unacknowledged = 0;
  private greeted = false;

  constructor(private readonly port: Port<ToTab, ToHub>) {}

  start(): void {
    this.port.onmessage = ({ data }) => this.hear(data);
  }

  /** `lock` is held while this tab lives: so the worker learns of its end. What was added before is told now. */
  hello(lock: string): void {
    this.port.postMessage({ kind: "hello", lock });
    this.greeted = true;
    for (const [id, target] of this.targets) this.port.postMessage({ kind: "add", epoch: this.epoch, id, what: target.what() });
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
          if (!gone) id = this.insert(followed, (next) => (id = next));
        }),
    };
    id = this.insert(followed, (next) => (id = next));
    return () => {
      gone = true;
      this.remove(id);
    };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  retryNow(): void {
    this.port.postMessage({ kind: "retry" });
  }

  private renamed = new Map<string, (id: string) => void>();

  private insert(target: Target, rename: (id: string) => void): string {
    this.counter += 1;
    const id = `s${this.counter}`;
    this.targets.set(id, target);
    this.renamed.set(id, rename);
    if (this.greeted) this.port.postMessage({ kind: "add", epoch: this.epoch, id, what: target.what() });
    return id;
  }

  private remove(id: string): void {
    this.renamed.delete(id);
    if (!this.targets.delete(id)) return;
    if (this.interrupted.delete(id)) this.tell();
    this.port.postMessage({ kind: "remove", id });
  }

  private hear(message: ToTab): void {
    if (message.kind === "state") this.setConnection(message.connection);
    else if (message.kind === "lost") this.addAnew(message.epoch);
    else this.deliver(message);
  }

  private setConnection(connection: Connection): void {
    if (connection !== "connected") this.interrupted.clear();
    this.connection = connection;
    this.tell();
  }

  /** Under new ids, so that nothing late is taken for theirs. */
  private addAnew(epoch: number): void {
    this.epoch = epoch;
    this.interrupted.clear();
    const before = [...this.targets];
    this.targets.clear();
    for (const [id, target] of before) {
      const rename = this.renamed.get(id) ?? (() => undefined);
      this.renamed.delete(id);
      rename(this.insert(target, rename));
    }
  }

  private deliver(message: Extract<ToTab, { id: string }>): void {
    if (message.kind !== "interrupted") this.acknowledge();
    const target = this.targets.get(message.id);
    if (!target) return;
    try {
      if (message.kind === "item") target.onItem(message.item);
      else if (message.kind === "interrupted") this.setInterrupted(message.id, message.message, target);
      else {
        this.targets.delete(message.id);
        this.renamed.delete(message.id);
        target.onFailed?.(message.failed, () => undefined);
      }
    } catch (error) {
      // One target's fault must not stop the others.
      console.error("a watch's handler failed", error);
    }
  }

  private setInterrupted(id: string, message: string, target: Target): void {
    if (message) this.interrupted.set(id, message);
    else this.interrupted.delete(id);
    this.tell();
    target.onInterrupted?.(message);
  }

  private acknowledge(): void {
    this.unacknowledged += 1;
    if (this.unacknowledged < ACK_EVERY) return;
    this.port.postMessage({ kind: "ack", count: this.unacknowledged });
    this.unacknowledged = 0;
  }

  private tell(): void {
    this.listeners.forEach((listener) => listener());
  }
}
