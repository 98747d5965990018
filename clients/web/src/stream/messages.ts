import type { WatchFailed, WatchResponse } from "@gen/podium/web/v1/web_service_pb";
import type { Connection, What } from "./target";

/** What a tab says to the worker that holds the watch of all tabs. `epoch`: how often the tab was told "lost". */
export type ToHub =
  | { kind: "hello"; lock: string }
  | { kind: "bye" }
  | { kind: "add"; epoch: number; id: string; what: What }
  | { kind: "remove"; id: string }
  | { kind: "ack"; count: number }
  | { kind: "retry" };

/** What the worker says to a tab. After "lost" none of the tab's targets is watched: it adds them anew. */
export type ToTab =
  | { kind: "state"; connection: Connection }
  | { kind: "lost"; epoch: number }
  | { kind: "item"; id: string; item: WatchResponse["item"] }
  | { kind: "failed"; id: string; failed: WatchFailed }
  | { kind: "interrupted"; id: string; message: string };

/** The part of a MessagePort that both sides need. */
export interface Port<In, Out> {
  postMessage(message: Out): void;
  onmessage: ((event: MessageEvent<In>) => void) | null;
}
