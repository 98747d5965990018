const listeners = new Set<() => void>();

/** A watch told that a project's own fields changed, or that it is gone. */
export const projectChanged = (): void => listeners.forEach((listener) => listener());

export function onProjectChanged(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
