import { useEffect } from "react";
import type { Pod } from "@gen/podium/pods/v1/pod_pb";
import type { ProjectStore } from "@/store/projectStore";

/** What the page shows now, so that the palette knows what can be done to it. */
export interface Scope {
  /** The pod shown, live (never as it was). */
  pod?: Pod;
  /** The project whose panes are open. */
  store?: ProjectStore;
  /** The task chosen in them. */
  taskId?: string;
  /** The session chosen in them. */
  sessionId?: string;
}

const parts = new Map<object, Scope>();

export const getScope = (): Scope => Object.assign({}, ...parts.values()) as Scope;

/** While the component is shown, its part of the scope holds. */
export function useScope(scope: Scope): void {
  useEffect(() => {
    const key = {};
    parts.set(key, scope);
    return () => {
      parts.delete(key);
    };
  });
}
