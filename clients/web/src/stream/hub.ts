import type { Multiplexer } from "./multiplexer";
import type { Port, ToHub, ToTab } from "./messages";

/** Tabs whose targets together stay below this ride in one watch; the next tab opens another one. */
const TARGETS_OF_A_LANE = 60;
/** Items that a tab may have before it; one further behind starts anew from where it is, by conflated changes. */
const BACKLOG = 512;

interface Lane {
  stream: Multiplexer;
  tabs: Set<Tab>;
}

/** The watch of all tabs of a browser: lives in a shared worker, ends with the last tab. */
export class Hub {
  readonly lanes: Lane[] = [];

  /** `gone` resolves when the tab that holds the lock has been closed. */
  constructor(
    private readonly makeStream: () => Multiplexer,
    private readonly gone: (lock: string) => Promise<void>,
  ) {}

  /** A tab's port. Its watch begins with "hello": before that the tab may not be signed in. */
  connect(port: Port<ToHub, ToTab>): void {
    let leave = () => {};
    let tab: Tab | null = null;
    port.onmessage = ({ data }) => {
      if (data.kind === "hello" && !tab) {
        const lane = this.lanes.find(({ stream }) => stream.size < TARGETS_OF_A_LANE) ?? this.open();
        const entered = new Tab(port, lane.stream);
        tab = entered;
        leave = () => this.leave(lane, entered);
        lane.tabs.add(entered);
        entered.tellState();
        void this.gone(data.lock).then(leave);
      } else if (data.kind === "bye") leave();
      else tab?.hear(data);
    };
  }

  private open(): Lane {
    const lane: Lane = { stream: this.makeStream(), tabs: new Set() };
    let before = lane.stream.connection;
    lane.stream.subscribe(() => {
      const now = lane.stream.connection;
      if (before === "connected" && now === "reconnecting") lane.tabs.forEach((tab) => tab.lose());
      if (before !== now) lane.tabs.forEach((tab) => tab.tellState());
      before = now;
    });
    lane.stream.start();
    this.lanes.push(lane);
    return lane;
  }

  private leave(lane: Lane, tab: Tab): void {
    tab.clear();
    if (!lane.tabs.delete(tab) || lane.tabs.size > 0) return;
    lane.stream.stop();
    this.lanes.splice(this.lanes.indexOf(lane), 1);
  }
}

/** One tab's part of a lane. */
class Tab {
  private removers = new Map<string, () => void>();
  private epoch = 0;
  private unread = 0;

  constructor(
    private readonly port: Port<ToHub, ToTab>,
    private readonly stream: Multiplexer,
  ) {}

  hear(message: ToHub): void {
    if (message.kind === "add") this.add(message);
    else if (message.kind === "remove") this.forget(message.id);
    else if (message.kind === "ack") this.unread = Math.max(0, this.unread - message.count);
    else if (message.kind === "retry") this.stream.retryNow();
  }

  tellState(): void {
    this.port.postMessage({ kind: "state", connection: this.stream.connection });
  }

  /** Nothing of this tab is watched any more; it alone knows how far each of its targets has come. */
  lose(): void {
    this.clear();
    this.epoch += 1;
    this.port.postMessage({ kind: "lost", epoch: this.epoch });
  }

  clear(): void {
    this.removers.forEach((remove) => remove());
    this.removers.clear();
  }

  private forget(id: string): void {
    this.removers.get(id)?.();
    this.removers.delete(id);
  }

  private add({ epoch, id, what }: Extract<ToHub, { kind: "add" }>): void {
    // Sent before the tab heard of the loss: it will send it again.
    if (epoch !== this.epoch || this.removers.has(id)) return;
    const remove = this.stream.add({
      what: () => what,
      onItem: (item) => this.send({ kind: "item", id, item }),
      onFailed: (failed) => {
        this.removers.delete(id);
        this.send({ kind: "failed", id, failed });
      },
      onInterrupted: (message) => this.port.postMessage({ kind: "interrupted", id, message }),
    });
    this.removers.set(id, remove);
  }

  private send(message: ToTab): void {
    this.unread += 1;
    this.port.postMessage(message);
    if (this.unread >= BACKLOG && this.removers.size > 0) this.lose();
  }
}
