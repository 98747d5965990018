import { useSyncExternalStore } from "react";

export type DialogName = "palette" | "task" | "project" | "help" | "settings";

let current: DialogName | null = null;
const listeners = new Set<() => void>();

export function openDialog(name: DialogName): void {
  current = name;
  listeners.forEach((listener) => listener());
}

export function closeDialog(): void {
  current = null;
  listeners.forEach((listener) => listener());
}

export const useDialog = (): DialogName | null =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
