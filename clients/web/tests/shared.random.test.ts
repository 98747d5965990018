import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { WatchResponseSchema, type WatchTargetSchema, type WatchResponse } from "@gen/podium/web/v1/web_service_pb";
import { Hub } from "@/stream/hub";
import type { Port, ToHub, ToTab } from "@/stream/messages";
import { Multiplexer, type WatchCalls } from "@/stream/multiplexer";
import { SharedWatch } from "@/stream/sharedWatch";
import type { Target } from "@/stream/target";
import { dice } from "./helpers";

type Roll = (limit: number) => number;
type Asked = readonly MessageInitShape<typeof WatchTargetSchema>[] | undefined;

/** A stream of the gateway: what each of its targets was sent last. */
class Stream {
  readonly sent = new Map<string, number>();
  private readonly queue: WatchResponse[] = [];
  private wake = () => {};
  isOpen = true;

  constructor(readonly id: string, targets: Asked) {
    this.add(targets);
  }

  add(targets: Asked): void {
    for (const { targetId, what } of targets ?? []) {
      if (what?.case === "board") this.sent.set(targetId ?? "", Number(what.value.afterPosition ?? 0n));
    }
  }

  send(response: MessageInitShape<typeof WatchResponseSchema>): void {
    this.queue.push(create(WatchResponseSchema, response));
    this.wake();
  }

  end(): void {
    this.isOpen = false;
    this.wake();
  }

  async *read(): AsyncGenerator<WatchResponse> {
    for (;;) {
      const next = this.queue.shift();
      if (next) yield next;
      else if (!this.isOpen) return;
      else await new Promise<void>((resolve) => { this.wake = resolve; });
    }
  }
}

/** A gateway over one log: numbers from 1, to which it adds; a target is sent those after the one that it names. */
class Gateway implements WatchCalls {
  last = 0;
  readonly streams: Stream[] = [];
  readonly calls: ((isLost: boolean) => void)[] = [];

  watch: WatchCalls["watch"] = ({ targets }, { signal }) => {
    const stream = new Stream(`w${this.streams.length}`, targets);
    this.streams.push(stream);
    signal.addEventListener("abort", () => stream.end());
    stream.send({ item: { case: "opened", value: { watchId: stream.id, heartbeatSeconds: 1000 } } });
    return stream.read();
  };

  /** Answered later, or done and the answer lost; refused where the stream is gone. */
  setWatch: WatchCalls["setWatch"] = ({ watchId, add, remove }) =>
    new Promise((resolve, reject) => {
      this.calls.push((isLost) => {
        const stream = this.streams.find(({ id, isOpen }) => id === watchId && isOpen);
        if (!stream) return reject(new Error("WATCH_NOT_FOUND"));
        stream.add(add as Asked);
        remove?.forEach((id) => stream.sent.delete(id));
        return isLost ? reject(new Error("cut off")) : resolve({});
      });
    });

  /** One target of a stream is sent its next number; false where there was none to send. */
  tellOne(roll: Roll): boolean {
    const behind = this.streams.filter(({ isOpen }) => isOpen).flatMap((stream) =>
      [...stream.sent].filter(([, sent]) => sent < this.last).map(([id, sent]) => ({ stream, id, sent })));
    const next = behind[roll(behind.length || 1)];
    if (!next) return false;
    next.stream.sent.set(next.id, next.sent + 1);
    next.stream.send({ targetId: next.id, item: { case: "board", value: { position: BigInt(next.sent + 1) } } });
    return true;
  }
}

/** A tab and its port: both ways are queues, delivered when the test says so. */
class Tab {
  readonly targets: { reached: number; gaps: number[]; remove: () => void }[] = [];
  private readonly toHub: ToHub[] = [];
  private readonly toTab: ToTab[] = [];
  private readonly hubPort: Port<ToHub, ToTab> = { onmessage: null, postMessage: (message) => this.toTab.push(message) };
  private readonly tabPort: Port<ToTab, ToHub> = { onmessage: null, postMessage: (message) => this.toHub.push(message) };
  readonly watch = new SharedWatch(this.tabPort);

  constructor(hub: Hub, lock: string) {
    hub.connect(this.hubPort);
    this.watch.start();
    this.watch.hello(lock);
  }

  deliver(toTab: boolean): boolean {
    const data = toTab ? this.toTab.shift() : this.toHub.shift();
    if (!data) return false;
    if (toTab) this.tabPort.onmessage?.({ data } as MessageEvent<ToTab>);
    else this.hubPort.onmessage?.({ data } as MessageEvent<ToHub>);
    return true;
  }

  addTarget(from: number): void {
    const held = { reached: from, gaps: [] as number[], remove: () => {} };
    const target: Target = {
      what: () => ({ case: "board", value: { afterPosition: BigInt(held.reached) } }),
      onItem: (item) => {
        if (item.case !== "board") return;
        const position = Number(item.value.position);
        if (position > held.reached + 1) held.gaps.push(position);
        held.reached = Math.max(held.reached, position);
      },
    };
    held.remove = this.watch.add(target);
    this.targets.push(held);
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it.each(Array.from({ length: 150 }, (_, seed) => seed))("whatever is late or lost, each target of each tab is told of all, in order (%i)", async (seed) => {
  const roll = dice(seed);
  const gateway = new Gateway();
  const ends = new Map<string, () => void>();
  const hub = new Hub(
    () => new Multiplexer(gateway, { backoff: () => 1, defaultHeartbeatMs: 1_000_000 }),
    (lock) => new Promise((resolve) => ends.set(lock, resolve)),
  );
  const tabs = new Map<string, Tab>();
  const some = <T>(values: Iterable<T>): T | undefined => {
    const all = [...values];
    return all[roll(all.length || 1)];
  };
  const open = (lock: string) => tabs.set(lock, new Tab(hub, lock));
  const close = (lock: string) => {
    tabs.delete(lock);
    ends.get(lock)?.();
  };
  let opened = 0;
  const steps: (() => unknown)[] = [
    () => (gateway.last += 1),
    () => gateway.tellOne(roll),
    () => some(tabs.values())?.deliver(true),
    () => some(tabs.values())?.deliver(false),
    () => tabs.size < 3 && open(`tab ${(opened += 1)}`),
    () => some(tabs.values())?.addTarget(roll(gateway.last + 1)),
    () => gateway.calls.splice(roll(gateway.calls.length || 1), 1)[0]?.(roll(5) === 0),
    () => some([...tabs.values()].flatMap((tab) => tab.targets.map((_, at) => () => tab.targets.splice(at, 1)[0]?.remove())))?.(),
    () => roll(3) === 0 && gateway.streams.at(-1)?.end(),
    () => roll(4) === 0 && [...tabs.keys()].slice(0, 1).forEach(close),
  ];
  for (let step = 0; step < 150; step += 1) {
    steps[roll(steps.length)]?.();
    steps[1 + roll(3)]?.();
    await vi.advanceTimersByTimeAsync(roll(2));
  }
  for (let quiet = 0; quiet < 5; ) {
    const moved = [...tabs.values()].some((tab) => tab.deliver(true) || tab.deliver(false)) || gateway.tellOne(roll) || gateway.calls.length > 0;
    gateway.calls.splice(0, 1)[0]?.(false);
    await vi.advanceTimersByTimeAsync(2);
    quiet = moved ? 0 : quiet + 1;
  }
  const targets = [...tabs.values()].flatMap((tab) => tab.targets);
  expect(targets.map(({ gaps }) => gaps)).toEqual(targets.map(() => []));
  expect(targets.map(({ reached }) => reached)).toEqual(targets.map(() => gateway.last));
  // And nothing is watched that nobody asks for any more.
  const watched = gateway.streams.filter(({ isOpen }) => isOpen).flatMap(({ sent }) => [...sent.keys()]);
  expect(watched).toHaveLength(targets.length);
  hub.lanes.forEach(({ stream }) => stream.stop());
});
