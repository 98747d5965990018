import { afterEach, describe, expect, it, vi } from "vitest";
import { Hub } from "@/stream/hub";
import { ChosenWatch } from "@/stream/choose";
import { Multiplexer } from "@/stream/multiplexer";
import type { Port, ToHub, ToTab } from "@/stream/messages";
import { SharedWatch } from "@/stream/sharedWatch";
import type { Target } from "@/stream/target";
import { Gateway, opened, settle } from "./gateway";

const NEVER = new Promise<void>(() => undefined);
const item = (position: bigint) => ({ case: "board", value: { position } }) as const;

/** A browser: a worker with its hub, and tabs that speak with it through real ports. */
function browser() {
  const gateway = new Gateway();
  const ends = new Map<string, () => void>();
  const hub = new Hub(
    () => new Multiplexer(gateway, { backoff: () => 1, defaultHeartbeatMs: 50_000 }),
    (lock) => new Promise((resolve) => ends.set(lock, resolve)),
  );
  const ports: MessagePort[] = [];
  const tab = (lock: string) => {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    hub.connect(port1 as unknown as Port<ToHub, ToTab>);
    const watch = new SharedWatch(port2 as unknown as Port<ToTab, ToHub>);
    watch.start();
    watch.hello(lock);
    return watch;
  };
  return { gateway, hub, tab, close: (lock: string) => ends.get(lock)?.(), end: () => ports.forEach((port) => port.close()) };
}

/** A target that remembers how far it came. */
function reader(): Target & { seen: bigint[] } {
  const seen: bigint[] = [];
  return {
    seen,
    what: () => ({ case: "board", value: { afterPosition: seen.at(-1) ?? 0n } }),
    onItem: (each) => each.case === "board" && seen.push(each.value.position),
  };
}

const asked = (gateway: Gateway) => [...gateway.wanted.values()].map((what) => (what?.case === "board" ? what.value.afterPosition : null));
let ends: () => void = () => undefined;
afterEach(() => ends());

describe("the watch of all tabs", () => {
  it("is one stream, whose items each reach the tab that asked for them", async () => {
    const { gateway, tab, end } = browser();
    ends = end;
    const [first, second] = [reader(), reader()];
    tab("a").add(first);
    const other = tab("b");
    other.add(second);
    await settle();
    gateway.streams[0]?.send(opened);
    await settle();
    const [idOfFirst, idOfSecond] = [...gateway.wanted.keys()];
    gateway.streams[0]?.send({ targetId: idOfFirst, item: item(7n) });
    gateway.streams[0]?.send({ targetId: idOfSecond, item: item(8n) });
    await settle();
    expect(gateway.streams).toHaveLength(1);
    expect([first.seen, second.seen, other.connection]).toEqual([[7n], [8n], "connected"]);
  });

  it("begins with the first tab that is signed in", async () => {
    const { gateway, hub, end } = browser();
    ends = end;
    const port: Port<ToHub, ToTab> = { onmessage: null, postMessage: () => undefined };
    hub.connect(port);
    await settle();
    expect(gateway.streams).toHaveLength(0);
    port.onmessage?.({ data: { kind: "hello", lock: "a" } } as MessageEvent<ToHub>);
    await settle();
    expect(gateway.streams).toHaveLength(1);
    hub.lanes[0]?.stream.stop();
  });

  it("lost, goes on for each tab from the point that the tab has reached", async () => {
    const { gateway, tab, end } = browser();
    ends = end;
    const [first, second] = [reader(), reader()];
    tab("a").add(first);
    tab("b").add(second);
    await settle();
    gateway.streams[0]?.send(opened);
    await settle();
    const [idOfFirst] = [...gateway.wanted.keys()];
    gateway.streams[0]?.send({ targetId: idOfFirst, item: item(7n) });
    await settle();
    gateway.wanted.clear();
    gateway.streams[0]?.end();
    await settle();
    gateway.streams[1]?.send(opened);
    await settle();
    expect(asked(gateway)).toEqual([7n, 0n]);
  });

  it("drops the targets of a tab that was closed, and lives on for the others", async () => {
    const { gateway, hub, tab, close, end } = browser();
    ends = end;
    const second = reader();
    tab("a").add(reader());
    tab("b").add(second);
    await settle();
    gateway.streams[0]?.send(opened);
    await settle();
    close("a");
    await settle();
    const [, idOfSecond] = [...gateway.wanted.keys()];
    gateway.streams[0]?.send({ targetId: idOfSecond, item: item(9n) });
    await settle();
    expect(gateway.sets.at(-1)?.remove).toHaveLength(1);
    expect(second.seen).toEqual([9n]);
    close("b");
    await settle();
    expect([hub.lanes.length, gateway.streams[0]?.aborted]).toEqual([0, true]);
  });

  it("lets a tab that does not read start anew, and keeps no more than a bound for it", async () => {
    const gateway = new Gateway();
    const hub = new Hub(() => new Multiplexer(gateway, { backoff: () => 1, defaultHeartbeatMs: 50_000 }), () => NEVER);
    const said: ToTab[] = [];
    const port: Port<ToHub, ToTab> = { onmessage: null, postMessage: (message) => said.push(message) };
    hub.connect(port);
    port.onmessage?.({ data: { kind: "hello", lock: "a" } } as MessageEvent<ToHub>);
    port.onmessage?.({ data: { kind: "add", epoch: 0, id: "s1", what: { case: "board", value: {} } } } as MessageEvent<ToHub>);
    await settle();
    gateway.streams[0]?.send(opened);
    await settle();
    const [id] = [...gateway.wanted.keys()];
    for (let n = 1; n <= 2000; n += 1) gateway.streams[0]?.send({ targetId: id, item: item(BigInt(n)) });
    await settle();
    expect(said.filter(({ kind }) => kind === "item")).toHaveLength(512);
    expect(said.at(-1)).toEqual({ kind: "lost", epoch: 1 });
    hub.lanes[0]?.stream.stop();
  });
});

describe("where tabs cannot share", () => {
  it("a worker that says nothing leaves the tab with a watch of its own, and nothing that was asked for is lost", async () => {
    vi.useFakeTimers();
    const gateway = new Gateway();
    const silent: Port<ToTab, ToHub> = { onmessage: null, postMessage: () => undefined };
    const watch = new ChosenWatch(gateway, { port: silent, onError: () => undefined, hold: (_lock, held) => held() }, 1000);
    const target = reader();
    watch.add(target);
    watch.start();
    await vi.advanceTimersByTimeAsync(1100);
    gateway.streams[0]?.send(opened);
    const [id] = [...gateway.wanted.keys()];
    gateway.streams[0]?.send({ targetId: id, item: item(3n) });
    await vi.advanceTimersByTimeAsync(10);
    expect([target.seen, watch.connection]).toEqual([[3n], "connected"]);
    vi.useRealTimers();
  });
});

it("targets past what a watch may hold wait for room", async () => {
  const gateway = new Gateway();
  const watch = new Multiplexer(gateway, { backoff: () => 1, defaultHeartbeatMs: 50_000 });
  const removers = Array.from({ length: 120 }, () => watch.add(reader()));
  watch.start();
  await settle();
  gateway.streams[0]?.send(opened);
  await settle();
  expect(gateway.wanted.size).toBe(100);
  removers.slice(0, 30).forEach((remove) => remove());
  await settle();
  expect(gateway.wanted.size).toBe(120);
  watch.stop();
});
