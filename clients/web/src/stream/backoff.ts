/** min(1 s · 2ⁿ, 30 s) and 0–50 % more, so that many pages do not come back at once. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const base = Math.min(1000 * 2 ** Math.min(failures, 10), 30_000);
  return base * (1 + random() * 0.5);
}
