import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KeyedStore } from "@/store/keyed";

const set = (value: number, ...touched: string[]) => () => ({ state: value, touched });

describe("listeners", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const make = () => new KeyedStore(0, 100, () => Date.now());

  it("hear of their key only", () => {
    const store = make();
    const heard = vi.fn();
    store.subscribe("a", heard);
    store.dispatch(set(1, "b"));
    expect(heard).not.toHaveBeenCalled();
  });

  it("hear the first at once, then at most every 100 ms, the last always", () => {
    const store = make();
    const seen: number[] = [];
    store.subscribe("a", () => seen.push(store.state));
    for (let value = 1; value <= 50; value += 1) {
      store.dispatch(set(value, "a"));
      vi.advanceTimersByTime(10);
    }
    vi.advanceTimersByTime(200);
    expect(seen[0]).toBe(1);
    expect(seen.at(-1)).toBe(50);
    expect(seen.length).toBeLessThanOrEqual(7);
  });

  it("two updates a millisecond apart end with the last", () => {
    const store = make();
    const seen: number[] = [];
    store.subscribe("a", () => seen.push(store.state));
    store.dispatch(set(1, "a"));
    vi.advanceTimersByTime(1);
    store.dispatch(set(2, "a"));
    vi.advanceTimersByTime(100);
    expect(seen).toEqual([1, 2]);
  });

  it("are told once for a change, however often it names their key", () => {
    const store = make();
    const heard = vi.fn();
    store.subscribe("a", heard);
    store.dispatch(set(1, "a", "a", "a"));
    vi.advanceTimersByTime(500);
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it("that throw do not keep the others from hearing", () => {
    const store = make();
    const heard = vi.fn();
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    store.subscribe("a", () => { throw new Error("broken view"); });
    store.subscribe("a", heard);
    store.dispatch(set(1, "a"));
    expect(heard).toHaveBeenCalledOnce();
  });
});
