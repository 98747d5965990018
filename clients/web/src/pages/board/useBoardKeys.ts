import { useCallback, type KeyboardEvent } from "react";

/** j, k and the arrows walk over the cards: down and up in a column, left and right between columns. */
export function useBoardKeys() {
  return useCallback((event: KeyboardEvent<HTMLElement>) => {
    const step = { j: [0, 1], ArrowDown: [0, 1], k: [0, -1], ArrowUp: [0, -1], l: [1, 0], ArrowRight: [1, 0], h: [-1, 0], ArrowLeft: [-1, 0] }[event.key];
    if (!step || event.metaKey || event.ctrlKey) return;
    const columns = [...event.currentTarget.querySelectorAll("section")].map((section) => [...section.querySelectorAll<HTMLElement>("[data-card]")]);
    const x = columns.findIndex((cards) => cards.includes(document.activeElement as HTMLElement));
    const y = x < 0 ? -1 : (columns[x]?.indexOf(document.activeElement as HTMLElement) ?? -1);
    const filled = columns.map((cards, index) => ({ cards, index })).filter(({ cards }) => cards.length > 0);
    if (filled.length === 0) return;
    const place = Math.max(0, filled.findIndex(({ index }) => index === x));
    const column = filled[Math.min(filled.length - 1, Math.max(0, place + (step[0] ?? 0)))]?.cards ?? [];
    column[Math.min(column.length - 1, Math.max(0, y + (step[1] ?? 0)))]?.focus();
    event.preventDefault();
  }, []);
}
