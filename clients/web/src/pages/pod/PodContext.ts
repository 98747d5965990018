import { createContext, useContext } from "react";
import type { Pod } from "@gen/podium/pods/v1/pod_pb";
import type { PodActions } from "@/api/podActions";

export interface PodView {
  pod: Pod;
  actions: PodActions;
  /** The pod as it was at an earlier revision: to look at only. */
  past: boolean;
}

const Context = createContext<PodView | null>(null);

export const PodProvider = Context.Provider;

export function usePodView(): PodView {
  const view = useContext(Context);
  if (!view) throw new Error("usePodView outside of a pod");
  return view;
}
