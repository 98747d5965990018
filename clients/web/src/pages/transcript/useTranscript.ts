import { useEffect } from "react";
import { TranscriptSource, type TranscriptChunk } from "@gen/podium/jobs/v1/artifact_events_pb";
import type { TranscriptEntry } from "@gen/podium/web/v1/web_service_pb";
import { web } from "@/api/clients";
import { num } from "@/lib/numbers";
import { dim } from "@/terminal/screen";
import { watcher } from "@/stream/watcher";

/** Reads the end of a transcript, then follows it; each entry is given once, in order. */
export function useTranscript(sessionId: string, write: (data: Uint8Array | string) => void, done: (empty: boolean) => void): void {
  useEffect(() => {
    let reached = 0;
    let stopped = false;
    let stop = () => {};
    const take = (entries: TranscriptEntry[]) => {
      for (const entry of entries) {
        if (num(entry.revision) <= reached) continue;
        reached = num(entry.revision);
        if (entry.chunk) paint(entry.chunk, write);
      }
    };
    const begin = async () => {
      try {
        const page = await web.readTranscript({ sessionId, pageSize: 1000 });
        if (stopped) return;
        if (page.hasMore) write(dim("… what came before is left out\n"));
        take(page.entries);
        done(page.entries.length === 0);
      } catch {
        if (stopped) return;
        done(true);
      }
      stop = watcher.add({
        what: () => ({ case: "transcript", value: { sessionId, afterRevision: BigInt(reached) } }),
        onItem: (item) => {
          if (item.case !== "transcript") return;
          take(item.value.entries);
          if (item.value.entries.length > 0) done(false);
        },
      });
    };
    void begin();
    return () => {
      stopped = true;
      stop();
    };
  }, [sessionId, write, done]);
}

function paint(chunk: TranscriptChunk, write: (data: Uint8Array | string) => void): void {
  if (chunk.gapBytes > 0n) write(dim(`\n… ${chunk.gapBytes} bytes left out\n`));
  if (chunk.source === TranscriptSource.OUTPUT) {
    write(chunk.data);
    return;
  }
  const text = new TextDecoder().decode(chunk.data);
  const ended = text.endsWith("\n") ? text : `${text}\n`;
  write(chunk.source === TranscriptSource.INPUT ? `\x1b[1;36m› ${ended}\x1b[0m` : dim(ended));
}
