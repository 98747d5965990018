import { Code, ConnectError } from "@connectrpc/connect";
import type { AttachResponse } from "@gen/podium/tasks/v1/terminal_service_pb";
import { reasonOf } from "@/api/errors";
import type { Watcher } from "@/stream/target";
import { Typing, type WriteCalls } from "./typing";

/** The calls beside the watch; tests give their own. */
export interface TerminalCalls extends WriteCalls {
  resize(request: { projectId: string; sessionId: string; inputToken: string; rows: number; columns: number }): Promise<unknown>;
}

/** What a link writes to; `drained` when it has been shown. */
export interface Sink {
  write(data: Uint8Array, drained: () => void): void;
  note(text: string): void;
}

export interface LinkState {
  phase: "connecting" | "running" | "away" | "ended";
  /** This view types. */
  writes: boolean;
  /** As the terminal is; 0: not known. */
  rows: number;
  columns: number;
  /** How it ended, in words. */
  exit: string;
  /** Why it cannot be shown. */
  error: string;
}

/** Output that waits to be drawn: above the first the link lets go, below the second it attaches again, with a gap if need be. */
const BACKLOG_HIGH = 4 << 20;
const BACKLOG_LOW = 1 << 20;
/** How soon it is looked again whether a terminal is served: doubled each time, up to the second. */
const LOOK_MS = 500;
const LOOK_MS_MOST = 10_000;

/** One terminal of a session: output by the tab's watch, input by calls beside it; goes on where it was after any loss. */
export class TerminalLink {
  state: LinkState = { phase: "connecting", writes: false, rows: 0, columns: 0, exit: "", error: "" };
  private listeners = new Set<() => void>();
  private release: (() => void) | null = null;
  private reached = 0n;
  private token = "";
  private takes = false;
  private waiting = 0;
  private paused = false;
  private again: ReturnType<typeof setTimeout> | undefined;
  private looks = 0;
  private wanted: { rows: number; columns: number } | null = null;
  private readonly typing: Typing;

  constructor(
    private readonly ids: { projectId: string; sessionId: string },
    private readonly sink: Sink,
    private readonly calls: TerminalCalls,
    private readonly watcher: Watcher,
    private readOnly = false,
  ) {
    this.typing = new Typing(ids, calls, (error) => this.refused(error));
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  attach(): void {
    if (this.release) return;
    this.release = this.watcher.add({
      what: () => {
        const { reached: afterOffset, token: inputToken, takes: takeInput, readOnly } = this;
        return { case: "terminal", value: { ...this.ids, afterOffset, inputToken, takeInput, readOnly } };
      },
      onItem: (item) => item.case === "terminal" && this.hear(item.value),
      onFailed: (failed, restart) => {
        if (failed.code === Code.Unavailable || failed.code === Code.OutOfRange) restart();
        else this.set({ phase: "ended", writes: false, error: failed.message || failed.reason });
      },
    });
  }

  detach(): void {
    clearTimeout(this.again);
    this.release?.();
    this.release = null;
  }

  /** Takes the input over from whoever has it. */
  takeInput(): void {
    this.readOnly = false;
    this.takes = true;
    this.detach();
    this.attach();
  }

  type(data: Uint8Array): void {
    if (this.state.writes) this.typing.add(data);
  }

  /** The room that this view has; the terminal follows where this view types. */
  resize(rows: number, columns: number): void {
    this.wanted = { rows, columns };
    this.sendSize();
  }

  private sendSize(): void {
    const { wanted } = this;
    if (!wanted || !this.token || (wanted.rows === this.state.rows && wanted.columns === this.state.columns)) return;
    // A refusal is told by what follows it: the input is lost, or the terminal away.
    this.calls.resize({ ...this.ids, inputToken: this.token, ...wanted }).catch(() => undefined);
  }

  private hear({ item }: AttachResponse): void {
    if (item.case === "opened") {
      const { value } = item;
      if (value.offset > this.reached && this.reached > 0n) this.sink.note(`${value.offset - this.reached} bytes left out`);
      if (value.offset !== this.reached) this.reached = value.offset;
      // Only now: what is lost on its way, or came too early, is asked for again.
      if (value.running) this.takes = false;
      this.token = value.inputToken;
      this.typing.begin(value.inputToken, value.sequence);
      this.set({ phase: value.running ? "running" : "connecting", writes: Boolean(value.inputToken), exit: "", error: "" });
      this.drawAt(value.rows, value.columns);
      this.sendSize();
      if (value.running) this.looks = 0;
      else this.lookAgain();
    } else if (item.case === "output") this.output(item.value.offset, item.value.data, item.value.gapBytes);
    else if (item.case === "resized") this.drawAt(item.value.rows, item.value.columns);
    else if (item.case === "inputLost") this.loseInput();
    else if (item.case === "exited") {
      const { away, text, status, signal } = item.value;
      if (away) this.set({ phase: "away", writes: false });
      else this.set({ phase: "ended", writes: false, exit: text || (signal ? `ended by signal ${signal}` : `ended with ${status}`) });
    }
  }

  /** Nobody serves it yet, or not again yet: look again, soon at first, later seldom. */
  private lookAgain(): void {
    clearTimeout(this.again);
    const delay = Math.min(LOOK_MS * 2 ** this.looks, LOOK_MS_MOST);
    this.looks += 1;
    this.again = setTimeout(() => {
      if (!this.release || this.state.phase !== "connecting") return;
      this.detach();
      this.attach();
    }, delay);
  }

  /** The terminal's size from here on: what came before it is drawn first. */
  private drawAt(rows: number, columns: number): void {
    if (this.waiting > 0) this.sink.write(new Uint8Array(), () => this.set({ rows, columns }));
    else this.set({ rows, columns });
  }

  private output(offset: bigint, data: Uint8Array, gap: bigint): void {
    const end = offset + BigInt(data.length);
    if (end <= this.reached) return;
    if (gap > 0n) this.sink.note(`${gap} bytes left out`);
    const fresh = offset < this.reached ? data.slice(Number(this.reached - offset)) : data;
    this.reached = end;
    this.waiting += fresh.length;
    this.sink.write(fresh, () => {
      this.waiting -= fresh.length;
      if (this.paused && this.waiting < BACKLOG_LOW) this.resume();
    });
    if (this.waiting > BACKLOG_HIGH && this.release) {
      this.paused = true;
      this.detach();
    }
  }

  private resume(): void {
    this.paused = false;
    this.attach();
  }

  private loseInput(): void {
    this.token = "";
    this.typing.begin("", 0n);
    this.set({ writes: false });
  }

  private refused(error: unknown): void {
    if (reasonOf(error) === "INPUT_NOT_HELD") this.loseInput();
    else this.sink.note(error instanceof ConnectError ? `not typed: ${error.rawMessage}` : "not typed");
  }

  private set(part: Partial<LinkState>): void {
    this.state = { ...this.state, ...part };
    this.listeners.forEach((listener) => listener());
  }
}
