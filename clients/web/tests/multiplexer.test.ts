import { describe, expect, it, vi } from "vitest";
import { backoffMs } from "@/stream/backoff";
import { Multiplexer } from "@/stream/multiplexer";
import type { Target } from "@/stream/target";
import { Gateway, opened, settle } from "./gateway";

const target = (over: Partial<Target> = {}): Target => ({ what: () => ({ case: "board", value: {} }), onItem: () => undefined, ...over });
const begin = () => {
  const gateway = new Gateway();
  const watch = new Multiplexer(gateway, { backoff: () => 1, defaultHeartbeatMs: 50_000 });
  return { gateway, watch };
};

describe("one stream", () => {
  it("carries what was asked for before it, and takes up what comes later beside it", async () => {
    const { gateway, watch } = begin();
    watch.add(target());
    watch.start();
    await settle();
    gateway.streams[0]?.send(opened);
    await settle();
    const stop = watch.add(target());
    await settle();
    stop();
    await settle();
    watch.stop();
    expect(gateway.streams.map((stream) => stream.targets)).toEqual([["t1"]]);
    expect(gateway.sets.map(({ add, remove }) => [add?.map((each) => each.targetId), remove])).toEqual([[["t2"], []], [[], ["t2"]]]);
  });

  it("gives each item to its target; a target that throws does not end the others", async () => {
    const { gateway, watch } = begin();
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const heard = vi.fn();
    watch.add(target({ onItem: () => { throw new Error("broken"); } }));
    watch.add(target({ onItem: heard }));
    watch.start();
    await settle();
    for (const targetId of ["t1", "t2", "t9"]) gateway.streams[0]?.send({ targetId, item: { case: "board", value: {} } });
    await settle();
    watch.stop();
    expect(heard).toHaveBeenCalledOnce();
  });

  it("lost, comes back with the resume points reached, and says so meanwhile", async () => {
    const { gateway, watch } = begin();
    let asked = 0;
    const states: string[] = [];
    watch.add(target({ what: () => ({ case: "board", value: { afterPosition: BigInt(asked++) } }) }));
    watch.subscribe(() => states.push(watch.connection));
    watch.start();
    await settle();
    gateway.streams[0]?.send(opened);
    await settle();
    gateway.streams[0]?.end();
    await settle();
    gateway.streams[1]?.send(opened);
    await settle();
    watch.stop();
    expect(asked).toBe(2);
    expect(states).toEqual(["connected", "reconnecting", "connected"]);
  });

  it("whose gateway forgot it is opened anew", async () => {
    const { gateway, watch } = begin();
    watch.start();
    await settle();
    gateway.streams[0]?.send(opened);
    await settle();
    gateway.refuseSet = true;
    watch.add(target());
    await settle();
    watch.stop();
    expect(gateway.streams[1]?.targets).toEqual(["t1"]);
  });

  it("a target that failed is gone; begun anew it has another id", async () => {
    const { gateway, watch } = begin();
    watch.add(target({ onFailed: (_failed, restart) => restart() }));
    watch.start();
    await settle();
    gateway.streams[0]?.send(opened);
    gateway.streams[0]?.send({ targetId: "t1", item: { case: "failed", value: { code: 11 } } });
    await settle();
    watch.stop();
    expect(gateway.sets[0]?.add?.map((each) => each.targetId)).toEqual(["t2"]);
  });

  it("shows an interruption until the target's next item", async () => {
    const { gateway, watch } = begin();
    watch.add(target());
    watch.start();
    await settle();
    gateway.streams[0]?.send(opened);
    gateway.streams[0]?.send({ targetId: "t1", item: { case: "interrupted", value: { message: "away" } } });
    await settle();
    expect(watch.interrupted.get("t1")).toBe("away");
    gateway.streams[0]?.send({ targetId: "t1", item: { case: "board", value: {} } });
    await settle();
    watch.stop();
    expect(watch.interrupted.size).toBe(0);
  });

  it("silent for two heartbeats is taken for dead", async () => {
    vi.useFakeTimers();
    const { gateway, watch } = begin();
    watch.start();
    gateway.streams[0]?.send(opened);
    await vi.advanceTimersByTimeAsync(19_000);
    expect(gateway.streams[0]?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(gateway.streams[0]?.aborted).toBe(true);
    watch.stop();
    vi.useRealTimers();
  });
});

it("waits min(1 s · 2ⁿ, 30 s) and up to a half more between attempts", () => {
  expect([0, 1, 2, 3, 4, 5, 9].map((n) => backoffMs(n, () => 0))).toEqual([1000, 2000, 4000, 8000, 16000, 30000, 30000]);
  expect(backoffMs(9, () => 1)).toBe(45_000);
});
