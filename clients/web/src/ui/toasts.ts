import { useSyncExternalStore } from "react";
import { explain } from "@/api/errors";

export interface Toast {
  id: number;
  tone: "bad" | "good";
  title: string;
  hint: string;
}

let toasts: readonly Toast[] = [];
let counter = 0;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  listeners.forEach((listener) => listener());
}

export function dismiss(id: number): void {
  set(toasts.filter((toast) => toast.id !== id));
}

function show(toast: Omit<Toast, "id">, forMs: number): void {
  counter += 1;
  const id = counter;
  set([...toasts.slice(-3), { ...toast, id }]);
  setTimeout(() => dismiss(id), forMs);
}

export const say = (title: string, hint = ""): void => show({ tone: "good", title, hint }, 4000);

export function complain(error: unknown): void {
  const { title, hint } = explain(error);
  show({ tone: "bad", title, hint }, 12_000);
}

export const useToasts = (): readonly Toast[] =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
