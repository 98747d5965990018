import { useSyncExternalStore } from "react";
import { type LocalState, read, write } from "./local";

let current = read(window.localStorage);
const listeners = new Set<() => void>();

export function updateLocal(change: (state: LocalState) => LocalState): void {
  const next = change(current);
  if (next === current) return;
  current = next;
  write(window.localStorage, current);
  listeners.forEach((listener) => listener());
}

export const subscribeLocal = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const getLocal = (): LocalState => current;
export const useLocal = (): LocalState => useSyncExternalStore(subscribeLocal, getLocal);
