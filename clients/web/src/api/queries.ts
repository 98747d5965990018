import { queryOptions } from "@tanstack/react-query";
import { eventStore, maestro, pods, web } from "./clients";

/** What is fetched, not watched: small lists, and what never changes (the past, a diff of a commit). */
export const sessionInfo = queryOptions({ queryKey: ["me"], queryFn: () => web.getSessionInfo({}), staleTime: Infinity });

export const projects = queryOptions({
  queryKey: ["projects"],
  queryFn: async () => (await maestro.listProjects({ pageSize: 1000 })).projects,
  staleTime: 30_000,
  refetchOnWindowFocus: true,
});

/** The profiles that living runners offer, by their leases. */
export const profiles = queryOptions({
  queryKey: ["profiles"],
  queryFn: async () => {
    const { leases } = await eventStore.listLeases({});
    const names = leases.filter((lease) => lease.metadata.service === "runner").flatMap((lease) => (lease.metadata.profiles ?? "").split(","));
    return [...new Set(names.filter(Boolean))].sort();
  },
  staleTime: 10_000,
  refetchOnWindowFocus: true,
});

/** A pod as it was; it cannot change any more. */
export const podAt = (podId: string, revision: number) =>
  queryOptions({
    queryKey: ["pod-at", podId, revision],
    queryFn: async ({ signal }) => (await pods.getPod({ podId, atRevision: BigInt(revision) }, { signal })).pod ?? null,
    staleTime: Infinity,
    gcTime: 5 * 60_000,
  });

/** The diff of a commit: of the whole pod, or of one workstream. */
export const diff = (podId: string, commit: string, workstreamId: string) =>
  queryOptions({
    queryKey: ["diff", podId, commit, workstreamId],
    queryFn: async ({ signal }) => {
      const decoder = new TextDecoder();
      let text = "";
      let truncated = false;
      for await (const part of pods.getDiff({ podId, workstreamId }, { signal })) {
        text += decoder.decode(part.chunk, { stream: true });
        truncated ||= part.truncated;
      }
      return { text, truncated };
    },
    staleTime: Infinity,
    retry: 1,
  });
