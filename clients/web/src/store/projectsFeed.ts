import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { projects } from "@/api/queries";
import { LAYOUT } from "./board";
import { board } from "./boardStore";
import { onProjectChanged } from "./projectChanges";

/**
 * The list of projects is fetched; the streams say when it is another: a pod of a project that is not in it has come, or a project
 * that is open has changed. A project is looked for once.
 */
export function feedProjects(queries: QueryClient): () => void {
  const asked = new Set<string>();
  const fetch = () => void queries.invalidateQueries({ queryKey: projects.queryKey });
  const look = () => {
    const held = queries.getQueryData(projects.queryKey);
    if (!held) return;
    const known = new Set(held.map((each) => each.id));
    const unknown = [...board.state.pods.values()].map((pod) => pod.projectId).filter((id) => !known.has(id) && !asked.has(id));
    if (unknown.length === 0) return;
    unknown.forEach((id) => asked.add(id));
    fetch();
  };
  const stop = board.subscribe(LAYOUT, look);
  const forget = onProjectChanged(fetch);
  return () => {
    stop();
    forget();
  };
}

export function useProjectsFeed(): void {
  const queries = useQueryClient();
  useEffect(() => feedProjects(queries), [queries]);
}
