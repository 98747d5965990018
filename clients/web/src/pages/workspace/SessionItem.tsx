import { Link } from "@tanstack/react-router";
import { memo, useState } from "react";
import { sessionWord } from "@/lib/words";
import type { ProjectStore } from "@/store/projectStore";
import { useSession, useTaskNumber } from "@/store/useProject";
import { Dot } from "@/ui/Dot";
import { Icon } from "@/ui/Icon";
import { IconButton } from "@/ui/IconButton";
import { closeTerminal } from "./terminals";
import { SessionTasks } from "./SessionTasks";

/** One session; renders when that session changes. Expanded, it shows the tasks that it holds. */
export const SessionItem = memo(function SessionItem({ store, sessionId, chosen, terminal = false }: { store: ProjectStore; sessionId: string; chosen: boolean; terminal?: boolean }) {
  const session = useSession(store, sessionId);
  const [open, setOpen] = useState(false);
  const number = useTaskNumber(store, session?.taskIds[0] ?? "");
  if (!session) return null;
  const { text, tone } = sessionWord(session.status);
  const name = session.name || session.agent || sessionId;
  return (
    <div data-testid={`session-${sessionId}`} data-entry>
      <div className={`row group flex items-center gap-1 pr-1 ${chosen ? "bg-accent-soft" : ""}`}>
        <button type="button" aria-expanded={open} aria-label={`Tasks of ${name}`} onClick={(event) => { event.stopPropagation(); setOpen(!open); }} className="flex size-7 shrink-0 items-center justify-center text-faint">
          <Icon name="chevron" size={14} className={open ? "rotate-90" : ""} />
        </button>
        <Link to="." data-row search={{ session: sessionId }} className="flex min-w-0 flex-1 items-center gap-2 py-1.5" title={text}>
          <Dot tone={session.needsInput?.active ? "wait" : tone} />
          <span className="min-w-0 flex-1 truncate">{number > 0 && !name.startsWith("#") && <span className="text-faint">#{number} </span>}{name}</span>
          <span className="text-[11px] text-faint">{text}</span>
        </Link>
        {terminal && <IconButton icon="x" label={`Close ${name}`} className="!size-6" onClick={(event) => { event.stopPropagation(); void closeTerminal(store, sessionId); }} />}
      </div>
      {open && <SessionTasks store={store} sessionId={sessionId} taskIds={session.taskIds} />}
    </div>
  );
});
