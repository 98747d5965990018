import { Link } from "@tanstack/react-router";
import { usePod } from "@/store/podStore";
import { phaseWord } from "@/lib/words";
import { Chip } from "@/ui/Chip";
import { Decisions } from "@/pages/pod/Decisions";

export function InboxPod({ podId }: { podId: string }) {
  const { pod } = usePod(podId);
  if (!pod) return <div role="status" className="card h-24 animate-pulse" aria-label="Loading" />;
  return (
    <section aria-label={pod.title} className="card @container overflow-hidden">
      <div className="flex items-center gap-2 border-b border-line px-4 py-2.5">
        <Link to="/pod/$podId" params={{ podId }} className="min-w-0 flex-1 truncate font-medium hover:underline">
          <span className="text-faint">#{String(pod.number)}</span> {pod.title}
        </Link>
        <Chip tone={phaseWord(pod.phase).tone}>{phaseWord(pod.phase).text}</Chip>
      </div>
      <Decisions pod={pod} linked />
    </section>
  );
}
