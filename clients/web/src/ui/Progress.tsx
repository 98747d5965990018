export function Progress({ done, total, label }: { done: number; total: number; label: string }) {
  const share = total === 0 ? 0 : Math.round((100 * done) / total);
  return (
    <div role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={total} aria-valuenow={done}
      className="h-1 w-full overflow-hidden rounded-full bg-sunken">
      <div className={`h-full rounded-full transition-[width] duration-300 ${share === 100 ? "bg-good" : "bg-accent"}`} style={{ width: `${share}%` }} />
    </div>
  );
}
