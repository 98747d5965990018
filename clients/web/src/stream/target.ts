import type { MessageInitShape } from "@bufbuild/protobuf";
import type { WatchFailed, WatchResponse, WatchTargetSchema } from "@gen/podium/web/v1/web_service_pb";

export type What = NonNullable<MessageInitShape<typeof WatchTargetSchema>["what"]>;

export type Connection = "connecting" | "connected" | "reconnecting";

/** Something that the page watches. It knows its own resume point, so that a new stream goes on where the last ended. */
export interface Target {
  /** What to ask for now: with the resume point reached, if there is one. */
  what(): What;
  /** An item of this target. */
  onItem(item: WatchResponse["item"]): void;
  /** It is over for good; `restart` adds it anew. A target that cannot resume forgets its resume point first. */
  onFailed?(failed: WatchFailed, restart: () => void): void;
  /** Its service is away (text), or back (""). */
  onInterrupted?(message: string): void;
}

/** What carries targets: a stream of this tab's own, or the one that the tabs of a browser share. */
export interface Watcher {
  readonly connection: Connection;
  /** Targets whose service is away now: id → why. */
  readonly interrupted: ReadonlyMap<string, string>;
  start(): void;
  /** Adds a target; the function returned takes it out. */
  add(target: Target): () => void;
  subscribe(listener: () => void): () => void;
  /** Tries at once: the person, or the browser, says that the network is back. */
  retryNow(): void;
}
