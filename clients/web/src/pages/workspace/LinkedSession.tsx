import { Link } from "@tanstack/react-router";
import { newRequestId } from "@/api/requestId";
import { sessionWord } from "@/lib/words";
import type { ProjectStore } from "@/store/projectStore";
import { useSession } from "@/store/useProject";
import { Dot } from "@/ui/Dot";
import { IconButton } from "@/ui/IconButton";
import { complain } from "@/ui/toasts";

/** A session of a task: jump to it, or take the task out of it. */
export function LinkedSession({ store, taskId, sessionId }: { store: ProjectStore; taskId: string; sessionId: string }) {
  const session = useSession(store, sessionId);
  const { text, tone } = sessionWord(session?.status ?? 0);
  const remove = () => void store.unlink(taskId, sessionId, newRequestId()).catch(complain);
  return (
    <li data-testid={`link-${sessionId}`} className="row group flex items-center gap-2 pl-2">
      <Dot tone={session?.needsInput?.active ? "wait" : tone} />
      <Link to="." data-row search={{ session: sessionId }} className="min-w-0 flex-1 truncate py-1 hover:underline" title={text}>{session?.name || session?.agent || sessionId}</Link>
      <IconButton icon="x" label={`Take the task out of ${session?.name || sessionId}`} className="!size-6 opacity-60 group-hover:opacity-100 focus-visible:opacity-100" onClick={remove} />
    </li>
  );
}
