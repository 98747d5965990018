import type { ReactNode } from "react";
import type { Tone } from "@/lib/words";
import { Dot } from "./Dot";

const TONES: Record<Tone, string> = {
  neutral: "bg-sunken text-muted",
  active: "bg-live-soft text-live",
  wait: "bg-wait-soft text-wait",
  good: "bg-good-soft text-good",
  bad: "bg-bad-soft text-bad",
  muted: "bg-sunken text-faint",
};

export function Chip({ tone = "neutral", dot = false, children }: { tone?: Tone; dot?: boolean; children: ReactNode }) {
  return (
    <span className={`inline-flex h-5 shrink-0 items-center gap-1.5 rounded-md px-1.5 text-[11px] font-medium whitespace-nowrap ${TONES[tone]}`}>
      {dot && <Dot tone={tone} />}
      {children}
    </span>
  );
}
