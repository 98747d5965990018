/** Steps over columns and rows. */
const STEPS: Record<string, readonly [across: number, down: number]> = {
  j: [0, 1], ArrowDown: [0, 1], k: [0, -1], ArrowUp: [0, -1], l: [1, 0], ArrowRight: [1, 0], h: [-1, 0], ArrowLeft: [-1, 0],
};

/**
 * Walks over the rows of a list and the cards of the board: `[data-rows]` holds `[data-row]`, in `[data-column]`s where there
 * are any. Letters begin anywhere on the page; arrows only where the focus is in a list. False: the key means nothing here.
 */
export function walk(key: string, from: Element | null): boolean {
  const step = STEPS[key];
  const within = from?.closest("[data-rows]");
  const place = within ?? (key.startsWith("Arrow") ? null : firstShown());
  if (!step || !place) return false;
  const columns = columnsOf(place);
  if (columns.length === 0) return false;
  const row = from?.closest("[data-row]");
  const at = Math.max(0, columns.findIndex((rows) => row && rows.includes(row as HTMLElement)));
  const column = columns[at] ?? [];
  const y = row ? column.indexOf(row as HTMLElement) : -1;
  if (step[0] !== 0 && columns.length === 1) return row ? unfold(row, step[0] > 0) : false;
  const next = columns[clamp(at + step[0], columns.length)] ?? column;
  next[clamp(y + step[1], next.length)]?.focus();
  return true;
}

/** From the search field of a list into it; from another one into the first list of the page. */
export function enterRows(from: Element): boolean {
  const row = (from.closest("[data-rows]") ?? firstShown())?.querySelector<HTMLElement>("[data-row]");
  row?.focus();
  return Boolean(row);
}

const clamp = (index: number, length: number) => Math.min(length - 1, Math.max(0, index));

const firstShown = () => [...document.querySelectorAll<HTMLElement>("[data-rows]")].find((each) => each.checkVisibility() && each.querySelector("[data-row]")) ?? null;

/** Columns that have rows, from left to right. */
function columnsOf(place: Element): HTMLElement[][] {
  const columns = [...place.querySelectorAll("[data-column]")];
  return (columns.length > 0 ? columns : [place]).map((each) => [...each.querySelectorAll<HTMLElement>("[data-row]")]).filter((rows) => rows.length > 0);
}

/** Opens or closes what a row holds. */
function unfold(row: Element, open: boolean): boolean {
  const toggle = row.closest("[data-entry]")?.querySelector<HTMLElement>("[aria-expanded]");
  if (!toggle || (toggle.getAttribute("aria-expanded") === "true") === open) return false;
  toggle.click();
  return true;
}
