import { useCallback, useEffect, useRef, useState } from "react";
import type { PodEvent } from "@gen/podium/pods/v1/pod_service_pb";
import { pods } from "@/api/clients";
import { complain } from "@/ui/toasts";

const PAGE = 300;

/** A pod's events up to a revision, newest first. What is new is fetched when the watch tells of a new revision. */
export function useEvents(podId: string, revision: number) {
  const [events, setEvents] = useState<PodEvent[]>([]);
  const [loading, setLoading] = useState(false);
  const held = useRef<PodEvent[]>([]);
  const set = useCallback((next: PodEvent[]) => {
    held.current = next;
    setEvents(next);
  }, []);

  useEffect(() => {
    const aborter = new AbortController();
    const newest = held.current[0]?.revision ?? 0n;
    const work = async () => {
      const at = BigInt(revision);
      const oldest = held.current.at(-1)?.revision ?? 0n;
      if (at <= newest && at >= oldest) return;
      // Far from what is held: the page up to the moment that is shown, instead of all that lies between.
      if (newest === 0n || at < oldest || at - newest > PAGE) {
        const page = await pods.listPodEvents({ podId, afterRevision: at + 1n, backwards: true, pageSize: PAGE }, { signal: aborter.signal });
        if (!aborter.signal.aborted) set(page.events);
      } else {
        const page = await pods.listPodEvents({ podId, afterRevision: newest, pageSize: PAGE }, { signal: aborter.signal });
        // A later look may have begun from what is held now: then this page is in its answer too.
        if (!aborter.signal.aborted) set([...page.events.toReversed(), ...held.current]);
      }
    };
    setLoading(true);
    work().catch((error: unknown) => !aborter.signal.aborted && complain(error)).finally(() => setLoading(false));
    return () => aborter.abort();
  }, [podId, revision, set]);

  const oldest = events.at(-1)?.revision ?? 0n;
  const loadMore = () => {
    setLoading(true);
    pods.listPodEvents({ podId, afterRevision: oldest, backwards: true, pageSize: PAGE })
      .then((page) => set([...held.current, ...page.events]))
      .catch(complain)
      .finally(() => setLoading(false));
  };
  return { events: events.filter((event) => event.revision <= BigInt(revision)), more: oldest > 1n, loadMore, loading };
}
