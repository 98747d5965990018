import { useEffect, useMemo, useSyncExternalStore } from "react";
import { TranscriptSource, type TranscriptChunk } from "@gen/podium/jobs/v1/artifact_events_pb";
import type { TranscriptEntry } from "@gen/podium/web/v1/web_service_pb";
import { web } from "@/api/clients";
import { num } from "@/lib/numbers";
import { watcher } from "@/stream/watcher";
import { dim } from "@/terminal/screen";
import { emptyStory, tell, type Story } from "./story";

type Write = (data: Uint8Array | string) => void;

const PACE_MS = 100;
/** Entries kept for a terminal that is yet to be drawn: a page of the transcript and what comes meanwhile. */
const KEPT = 2000;

/** A transcript as it is read and followed: told as a story, and written to a terminal where there is one. */
export class TranscriptReader {
  story: Story = emptyStory;
  /** The first page has come. */
  asked = false;
  private reached = 0;
  private early: TranscriptEntry[] = [];
  private write: Write | null = null;
  private listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private stopped = false;
  private release = () => {};
  private leftOut = false;

  constructor(private readonly sessionId: string) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Writes what came and what comes, until the function returned is called. */
  feed = (write: Write): (() => void) => {
    if (this.leftOut) write(dim("… what came before is left out\n"));
    this.early.forEach(({ chunk }) => chunk && paint(chunk, write));
    this.write = write;
    return () => {
      this.write = null;
    };
  };

  async begin(): Promise<void> {
    this.stopped = false;
    try {
      const page = await web.readTranscript({ sessionId: this.sessionId, pageSize: 1000 });
      this.leftOut = page.hasMore;
      this.take(page.entries);
    } catch {
      // The watch below says by its interruption that the service is away, and begins at the beginning.
    }
    this.asked = true;
    this.story = { ...this.story };
    this.tellLater(0);
    if (this.stopped) return;
    this.release = watcher.add({
      what: () => ({ case: "transcript", value: { sessionId: this.sessionId, afterRevision: BigInt(this.reached) } }),
      onItem: (item) => item.case === "transcript" && this.take(item.value.entries),
    });
  }

  stop(): void {
    this.stopped = true;
    this.release();
    if (this.timer) clearTimeout(this.timer);
  }

  private take(entries: readonly TranscriptEntry[]): void {
    const fresh = entries.filter((entry) => num(entry.revision) > this.reached);
    if (fresh.length === 0) return;
    this.reached = num(fresh.at(-1)?.revision);
    this.story = tell(this.story, fresh);
    if (!this.story.structured) this.early = [...this.early, ...fresh].slice(-KEPT);
    else this.early = [];
    const { write } = this;
    if (write) fresh.forEach(({ chunk }) => chunk && paint(chunk, write));
    this.tellLater(PACE_MS);
  }

  private tellLater(milliseconds: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.listeners.forEach((listener) => listener());
    }, milliseconds);
  }
}

/** Reads the end of a transcript, then follows it; what it tells is told at most ten times a second. */
export function useTranscript(sessionId: string): { reader: TranscriptReader; story: Story } {
  const reader = useMemo(() => new TranscriptReader(sessionId), [sessionId]);
  useEffect(() => {
    const started = reader;
    void started.begin();
    return () => started.stop();
  }, [reader]);
  const story = useSyncExternalStore(reader.subscribe, () => (reader.asked ? reader.story : emptyStory));
  return { reader, story };
}

function paint(chunk: TranscriptChunk, write: Write): void {
  if (chunk.gapBytes > 0n) write(dim(`\n… ${chunk.gapBytes} bytes left out\n`));
  if (chunk.source === TranscriptSource.OUTPUT) {
    write(chunk.data);
    return;
  }
  const text = new TextDecoder().decode(chunk.data);
  const ended = text.endsWith("\n") ? text : `${text}\n`;
  write(chunk.source === TranscriptSource.INPUT ? `\x1b[1;36m› ${ended}\x1b[0m` : dim(ended));
}
