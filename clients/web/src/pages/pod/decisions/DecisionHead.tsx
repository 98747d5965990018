import type { ReactNode } from "react";
import { reasonWord } from "@/lib/words";
import { Chip } from "@/ui/Chip";
import { Since } from "@/ui/Since";
import type { InboxItem } from "@gen/podium/pods/v1/pod_pb";

export function DecisionHead({ item, tone = "wait", children }: { item: InboxItem; tone?: "wait" | "bad"; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-start gap-x-2 gap-y-1.5">
      <Chip tone={tone}>{reasonWord(item.reason)}</Chip>
      <p className="order-3 min-w-0 basis-full font-medium break-words @lg:order-2 @lg:flex-1 @lg:basis-0">{children}</p>
      <span className="order-2 ml-auto whitespace-nowrap text-faint @lg:order-3"><Since time={item.createdTime} /></span>
    </div>
  );
}
