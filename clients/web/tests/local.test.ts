import { describe, expect, it } from "vitest";
import * as local from "@/state/local";

const terminal = (id: string) => ({ id, projectId: "p", sessionId: `s-${id}` });
const two = local.open(local.open(local.emptyLocal, terminal("a")), terminal("b"));

describe("what the browser keeps", () => {
  it("is the open terminals, the active one and their sessions, and nothing else", () => {
    const kept = new Map<string, string>();
    local.write({ setItem: (key, value) => void kept.set(key, value) }, two);
    expect(JSON.parse(kept.get("podium.terminals") ?? "")).toEqual({ terminals: [terminal("a"), terminal("b")], activeTerminalId: "b" });
    expect(local.read({ getItem: (key) => kept.get(key) ?? null })).toEqual(two);
  });

  it("is empty where it cannot be read", () => {
    expect(local.read({ getItem: () => "{not json" })).toEqual(local.emptyLocal);
    expect(local.read({ getItem: () => null })).toEqual(local.emptyLocal);
  });

  it("opening twice is opening once; closing the active one goes to the last", () => {
    expect(local.open(two, terminal("a")).terminals).toHaveLength(2);
    expect(local.close(two, "b").activeTerminalId).toBe("a");
    expect(local.close(two, "a").activeTerminalId).toBe("b");
  });

  it("a session that is gone takes its terminal along", () => {
    expect(local.forgetSession(two, "s-a").terminals).toEqual([terminal("b")]);
    expect(local.forgetSession(two, "s-x")).toBe(two);
  });
});
