export type Theme = "light" | "dark";

const COOKIE = "podium_theme";

function chosen(): Theme | null {
  const match = document.cookie.match(new RegExp(`(?:^|; )${COOKIE}=(light|dark)`));
  return (match?.[1] as Theme | undefined) ?? null;
}

const system = window.matchMedia("(prefers-color-scheme: dark)");
const current = (): Theme => chosen() ?? (system.matches ? "dark" : "light");

/** The system's wish, unless the person chose; follows the system while the page is open. */
export function applyTheme(): void {
  document.documentElement.dataset.theme = current();
}

export function toggleTheme(): void {
  const next: Theme = current() === "dark" ? "light" : "dark";
  document.cookie = `${COOKIE}=${next}; path=/; max-age=31536000; samesite=strict`;
  applyTheme();
}

system.addEventListener("change", applyTheme);
