import type { Tone } from "@/lib/words";

const TONES: Record<Tone, string> = {
  neutral: "bg-faint",
  active: "bg-live pulse",
  wait: "bg-wait",
  good: "bg-good",
  bad: "bg-bad",
  muted: "bg-strong",
};

export function Dot({ tone }: { tone: Tone }) {
  return <span aria-hidden="true" className={`inline-block size-1.5 shrink-0 rounded-full ${TONES[tone]}`} />;
}
