import type { ReactNode } from "react";

const TONES = { bad: "border-bad/30 bg-bad-soft text-bad", wait: "border-wait/30 bg-wait-soft text-wait", live: "border-live/30 bg-live-soft text-live", good: "border-good/30 bg-good-soft text-good" };

export function Notice({ tone, children, action }: { tone: keyof typeof TONES; children: ReactNode; action?: ReactNode }) {
  return (
    <div role={tone === "bad" ? "alert" : "status"} className={`flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg border px-3 py-2 ${TONES[tone]}`}>
      <div className="min-w-0 flex-1 basis-60 break-words">{children}</div>
      {action}
    </div>
  );
}
