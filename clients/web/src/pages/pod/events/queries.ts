import { queryOptions } from "@tanstack/react-query";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { PlanItem } from "@gen/podium/pods/v1/pod_pb";
import { pods } from "@/api/clients";

const PAGE = 1000;
const MAX_PAGES = 20;

export interface OldDocument {
  version: number;
  content: string;
  items?: PlanItem[];
}

/** The event at a revision, in words. */
export const eventAt = (podId: string, revision: number) =>
  queryOptions({
    queryKey: ["pod-event", podId, revision],
    queryFn: async ({ signal }): Promise<{ text: string; time: Timestamp | undefined } | null> => {
      const { describe } = await import("./describe");
      const { events } = await pods.listPodEvents({ podId, afterRevision: BigInt(revision - 1), pageSize: 1 }, { signal });
      return events[0] ? { text: describe(events[0].fact).title, time: events[0].time } : null;
    },
    staleTime: Infinity,
  });

/** All versions of a document, read from the history; asked anew when there is a new one. */
export const documentVersions = (podId: string, kind: "spec" | "plan", version: number) =>
  queryOptions({
    queryKey: ["versions", podId, kind, version],
    queryFn: async (): Promise<OldDocument[]> => {
      const { oldDocument } = await import("./describe");
      const found: OldDocument[] = [];
      let after = 0n;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const { events } = await pods.listPodEvents({ podId, afterRevision: after, pageSize: PAGE });
        for (const event of events) {
          const document = oldDocument(event.fact, kind);
          if (document) found.push(document);
        }
        after = events.at(-1)?.revision ?? after;
        if (events.length < PAGE) break;
      }
      return found;
    },
    staleTime: Infinity,
  });
