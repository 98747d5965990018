import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import type { PodSearch } from "@/app/router";

/** The pod's part of the address: tab, what is chosen in it, time travel. The same on the pod's page and in the panes. */
export function usePodSearch(): [PodSearch, (change: PodSearch) => void] {
  const search = useSearch({ strict: false }) as PodSearch;
  const navigate = useNavigate();
  const set = useCallback(
    (change: PodSearch) => {
      void navigate({ to: ".", search: ((before: PodSearch) => ({ ...before, ...(change.tab ? { edit: undefined } : {}), ...change })) as never, replace: change.at !== undefined });
    },
    [navigate],
  );
  return [search, set];
}
