import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Pod } from "@gen/podium/pods/v1/pod_pb";
import { num } from "@/lib/numbers";
import { clock } from "@/lib/time";
import { Button } from "@/ui/Button";
import { Icon } from "@/ui/Icon";
import { IconButton } from "@/ui/IconButton";
import { eventAt } from "./events/queries";
import { usePodSearch } from "./usePodSearch";

/** A slider over the whole history; the page shows the pod as it was at the revision chosen. */
export function TimeTravel({ live, at }: { live: Pod; at: number }) {
  const [, setSearch] = usePodSearch();
  const last = num(live.revision);
  const travels = at > 0 && at < last;
  const shown = travels ? at : last;
  // The address follows a moment later; the hand on the slider must not be pulled back meanwhile.
  const [held, setHeld] = useState<number | null>(null);
  useEffect(() => setHeld(null), [shown]);
  const place = held ?? shown;
  const { data: event } = useQuery({ ...eventAt(live.podId, shown), enabled: travels });
  const go = (to: number) => {
    setHeld(Math.min(last, Math.max(1, to)));
    setSearch({ at: to >= last ? undefined : Math.max(1, to) });
  };
  useEffect(() => {
    const onKey = (key: KeyboardEvent) => {
      if (key.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(key.target.tagName)) return;
      if (document.querySelector("[role=dialog],[role=menu]")) return;
      if (key.key === "[") go(place - 1);
      if (key.key === "]") go(place + 1);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
  return (
    <div className={`flex ${travels ? "flex-wrap" : ""} items-center gap-x-2 gap-y-1 border-b px-4 py-1 ${travels ? "border-wait/40 bg-wait-soft" : "border-line bg-surface"}`}>
      <Icon name="history" size={14} className={travels ? "text-wait" : "text-faint"} />
      <input type="range" min={1} max={last} value={place} aria-label="History of the pod" aria-valuetext={travels ? `Revision ${place} of ${last}` : "Now"}
        onChange={(change) => go(Number(change.target.value))} className="timeline h-6 min-w-24 flex-1" />
      <IconButton icon="chevron" label="One revision back" className="rotate-180" disabled={place <= 1} onClick={() => go(place - 1)} />
      <IconButton icon="chevron" label="One revision on" disabled={!travels} onClick={() => go(place + 1)} />
      {travels ? (
        <>
          <span data-testid="past" className="min-w-0 basis-full truncate text-wait sm:basis-auto sm:max-w-[45%]">
            rev {place} of {last}{event && ` · ${clock(event.time)} · ${event.text}`}
          </span>
          <Button small onClick={() => setSearch({ at: undefined })}>Back to now</Button>
        </>
      ) : (
        <span className="text-faint">now</span>
      )}
    </div>
  );
}
