import { Priority, type PlanItem } from "@gen/podium/pods/v1/pod_pb";
import { Chip } from "@/ui/Chip";
import { Markdown } from "@/ui/Markdown";

export function PlanItemCard({ item, number }: { item: PlanItem; number: number }) {
  return (
    <li className="card p-4">
      <div className="mb-1 flex flex-wrap items-center gap-2">
        <span className="text-faint">{number}</span>
        <h2 className="font-semibold">{item.title}</h2>
        <code className="font-mono text-xs text-faint">{item.id}</code>
        <span className="flex-1" />
        {item.priority === Priority.HIGH && <Chip tone="wait">High</Chip>}
        {item.priority === Priority.LOW && <Chip>Low</Chip>}
        {item.dependencies.length > 0 && <span className="text-faint">after {item.dependencies.join(", ")}</span>}
      </div>
      <Markdown>{item.description}</Markdown>
    </li>
  );
}
