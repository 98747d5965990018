import type { ReactNode } from "react";
import { reasonWord } from "@/lib/words";
import { Chip } from "@/ui/Chip";
import { Since } from "@/ui/Since";
import type { InboxItem } from "@gen/podium/pods/v1/pod_pb";

export function DecisionHead({ item, tone = "wait", children }: { item: InboxItem; tone?: "wait" | "bad"; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Chip tone={tone}>{reasonWord(item.reason)}</Chip>
      <p className="min-w-0 flex-1 basis-52 font-medium break-words">{children}</p>
      <span className="text-faint"><Since time={item.createdTime} /></span>
    </div>
  );
}
