import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { AttachResponseSchema } from "@gen/podium/tasks/v1/terminal_service_pb";
import type { Target, Watcher } from "@/stream/target";
import { TerminalLink } from "@/terminal/link";
import { Typing } from "@/terminal/typing";

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));
const bytes = (text: string) => new TextEncoder().encode(text);
const IDS = { projectId: "p", sessionId: "s" };

/** A watch of one target, and a runner behind it. */
function terminal({ slow = false } = {}) {
  const asked: { afterOffset?: bigint; inputToken?: string; takeInput?: boolean }[] = [];
  const written: { text: string; sequence: bigint; token: string }[] = [];
  const sizes: string[] = [];
  const shown: string[] = [];
  const drains: (() => void)[] = [];
  let target: Target | null = null;
  const watcher = {
    add: (added: Target) => {
      target = added;
      const what = added.what();
      if (what.case === "terminal") asked.push(what.value);
      return () => { target = null; };
    },
  } as unknown as Watcher;
  const calls = {
    write: async (request: { data: Uint8Array; sequence: bigint; inputToken: string }) => void written.push({ text: new TextDecoder().decode(request.data), sequence: request.sequence, token: request.inputToken }),
    resize: async ({ rows, columns }: { rows: number; columns: number }) => void sizes.push(`${columns}x${rows}`),
  };
  const sink = {
    write: (data: Uint8Array, drained: () => void) => {
      shown.push(new TextDecoder().decode(data));
      if (slow) drains.push(drained);
      else drained();
    },
    note: (text: string) => void shown.push(`(${text})`),
  };
  const link = new TerminalLink(IDS, sink, calls as never, watcher);
  link.attach();
  const say = (item: MessageInitShape<typeof AttachResponseSchema>["item"]) => target?.onItem({ case: "terminal", value: create(AttachResponseSchema, { item }) });
  const opened = (over = {}) => say({ case: "opened", value: { inputToken: "k", rows: 24, columns: 80, running: true, ...over } });
  const output = (offset: number, text: string, gapBytes = 0n) => say({ case: "output", value: { offset: BigInt(offset), data: bytes(text), gapBytes } });
  return { link, asked, written, sizes, shown, drains, say, opened, output, attached: () => target !== null };
}

describe("a terminal", () => {
  it("shows each byte once, whatever comes twice, and marks what is left out", () => {
    const { shown, opened, output } = terminal();
    opened();
    output(0, "hello ");
    output(3, "lo world");
    output(3, "lo");
    output(20, "!", 9n);
    expect(shown).toEqual(["hello ", "world", "(9 bytes left out)", "!"]);
  });

  it("takes another size when what was written before it is drawn", () => {
    const { link, drains, say, opened, output } = terminal({ slow: true });
    opened({ columns: 40 });
    expect(link.state.columns).toBe(40);
    output(0, "written for 40 columns");
    say({ case: "resized", value: { rows: 24, columns: 120 } });
    expect(link.state.columns).toBe(40);
    drains.forEach((drain) => drain());
    expect(link.state.columns).toBe(120);
  });

  it("goes on from the byte that it has reached, with the input that it had", () => {
    const { link, asked, opened, output } = terminal();
    opened();
    output(0, "12345");
    link.detach();
    link.attach();
    expect(asked.at(-1)).toMatchObject({ afterOffset: 5n, inputToken: "k", takeInput: false });
  });

  it("types in order, one call at a time, and only while it has the input", async () => {
    const { link, written, opened, say } = terminal();
    link.type(bytes("before"));
    opened({ sequence: 4n });
    link.type(bytes("l"));
    link.type(bytes("s"));
    link.type(bytes("\r"));
    await settle();
    say({ case: "inputLost", value: {} });
    link.type(bytes("after"));
    await settle();
    expect(written).toEqual([{ text: "l", sequence: 5n, token: "k" }, { text: "s\r", sequence: 6n, token: "k" }]);
    expect(link.state.writes).toBe(false);
  });

  it("takes the input over once, and gives the terminal its own size then", () => {
    const { link, asked, sizes, opened } = terminal();
    opened({ inputToken: "" });
    link.resize(40, 120);
    expect(sizes).toEqual([]);
    link.takeInput();
    opened({ inputToken: "mine" });
    link.detach();
    link.attach();
    expect(asked.map((each) => each.takeInput)).toEqual([false, true, false]);
    expect(sizes).toEqual(["120x40"]);
  });

  it("asks for the input again where the watch was lost before the answer", () => {
    const { link, asked, opened } = terminal();
    opened({ inputToken: "" });
    link.takeInput();
    link.detach();
    link.attach();
    opened({ inputToken: "", running: false });
    link.detach();
    link.attach();
    opened({ inputToken: "mine" });
    link.detach();
    link.attach();
    expect(asked.map((each) => each.takeInput)).toEqual([false, true, true, true, false]);
  });

  it("that writes faster than it can be drawn is let go, and attached again when it is drawn", () => {
    const { asked, drains, opened, output, attached } = terminal({ slow: true });
    opened();
    const page = "x".repeat(1 << 20);
    for (let n = 0; n < 5; n += 1) output(n << 20, page);
    expect(attached()).toBe(false);
    drains.forEach((drained) => drained());
    expect(attached()).toBe(true);
    expect(asked.at(-1)?.afterOffset).toBe(BigInt(5 << 20));
  });

  it("that nobody serves yet is looked at again, until somebody does", async () => {
    vi.useFakeTimers();
    const { link, asked, opened, output } = terminal();
    opened({ running: false });
    output(0, "12");
    await vi.advanceTimersByTimeAsync(600);
    opened({ running: false, offset: 2n });
    await vi.advanceTimersByTimeAsync(1100);
    opened({ running: true, offset: 2n });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked.map((each) => each.afterOffset)).toEqual([0n, 2n, 2n]);
    expect(link.state.phase).toBe("running");
    vi.useRealTimers();
  });

  it("says how it ended; one that is away may come back", () => {
    const { link, say } = terminal();
    say({ case: "exited", value: { away: true } });
    expect(link.state.phase).toBe("away");
    say({ case: "exited", value: { signal: 9 } });
    expect([link.state.phase, link.state.exit]).toEqual(["ended", "ended by signal 9"]);
  });
});

describe("what is typed while a service restarts", () => {
  it("is repeated under the same number until it is taken", async () => {
    const tried: bigint[] = [];
    const typing = new Typing(IDS, {
      write: async ({ sequence }) => {
        tried.push(sequence);
        if (tried.length < 3) throw new ConnectError("away", Code.Unavailable);
      },
    }, () => undefined, async () => undefined);
    typing.begin("k", 0n);
    typing.add(bytes("a"));
    await settle();
    typing.add(bytes("b"));
    await settle();
    expect(tried).toEqual([1n, 1n, 1n, 2n]);
  });

  it("is dropped, and told of, where it is refused or too much", async () => {
    const refused: unknown[] = [];
    const typing = new Typing(IDS, { write: async () => { throw new ConnectError("no", Code.FailedPrecondition); } }, (error) => refused.push(error), async () => undefined);
    typing.begin("k", 0n);
    typing.add(bytes("a"));
    await settle();
    typing.add(new Uint8Array(2 << 20));
    expect(refused).toHaveLength(2);
  });
});
