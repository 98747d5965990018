import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { WatchResponseSchema, type SetWatchRequestSchema, type WatchResponse } from "@gen/podium/web/v1/web_service_pb";
import type { WatchCalls } from "@/stream/multiplexer";
import type { What } from "@/stream/target";

type Sent = MessageInitShape<typeof WatchResponseSchema>;

interface Stream {
  targets: string[];
  send: (item: Sent) => void;
  end: () => void;
  aborted: boolean;
}

export const opened = { item: { case: "opened", value: { watchId: "w", heartbeatSeconds: 10 } } } as const;
/** Until what was begun has come to rest: turn after turn, so that a machine that stands still for a moment changes no order. */
export const settle = async () => {
  for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setTimeout(resolve, 3));
};

/** A gateway of one page: streams that the test feeds and ends. */
export class Gateway implements WatchCalls {
  streams: Stream[] = [];
  sets: MessageInitShape<typeof SetWatchRequestSchema>[] = [];
  /** What was asked for, by the target's id. */
  wanted = new Map<string, What | undefined>();
  refuseSet = false;

  watch: WatchCalls["watch"] = (request, { signal }) => {
    const queue: (WatchResponse | null)[] = [];
    let wake = () => {};
    const push = (value: WatchResponse | null) => {
      queue.push(value);
      wake();
    };
    this.note(request.targets);
    const targets = (request.targets ?? []).map((target) => target.targetId ?? "");
    const stream: Stream = { targets, send: (item) => push(create(WatchResponseSchema, item)), end: () => push(null), aborted: false };
    this.streams.push(stream);
    signal.addEventListener("abort", () => {
      stream.aborted = true;
      push(null);
    });
    return (async function* () {
      for (;;) {
        while (queue.length === 0) await new Promise<void>((resolve) => { wake = resolve; });
        const next = queue.shift();
        if (!next) return;
        yield next;
      }
    })();
  };

  setWatch: WatchCalls["setWatch"] = async (request) => {
    if (this.refuseSet) throw new Error("WATCH_NOT_FOUND");
    this.note(request.add);
    this.sets.push(request);
  };

  private note(targets: MessageInitShape<typeof SetWatchRequestSchema>["add"]): void {
    for (const each of targets ?? []) this.wanted.set(each.targetId ?? "", each.what as What | undefined);
  }
}
