import { Link } from "@tanstack/react-router";
import { memo, useState } from "react";
import { taskWord } from "@/lib/words";
import type { ProjectStore } from "@/store/projectStore";
import { useTask } from "@/store/useProject";
import { Dot } from "@/ui/Dot";
import { Icon } from "@/ui/Icon";
import { TaskSessions } from "./TaskSessions";

interface Props {
  store: ProjectStore;
  taskId: string;
  chosen: boolean;
  onChoose: () => void;
}

/** One task; renders when that task changes. Expanded, it shows the sessions that hold it. */
export const TaskListItem = memo(function TaskListItem({ store, taskId, chosen, onChoose }: Props) {
  const task = useTask(store, taskId);
  const [open, setOpen] = useState(false);
  if (!task) return null;
  const { text, tone } = taskWord(task.status);
  return (
    <div data-testid={`task-${taskId}`} data-entry>
      <div className={`row flex items-center gap-1 pr-2 ${chosen ? "bg-accent-soft" : ""}`}>
        <button type="button" aria-expanded={open} aria-label={`Sessions of #${task.number}`} onClick={() => setOpen(!open)} className="flex size-7 shrink-0 items-center justify-center text-faint">
          <Icon name="chevron" size={14} className={open ? "rotate-90" : ""} />
        </button>
        <Link to="." data-row search={{ task: taskId }} onClick={onChoose} className="flex min-w-0 flex-1 items-center gap-2 py-1.5" title={text}>
          <Dot tone={task.pod?.needsAttention ? "wait" : tone} />
          <span className="min-w-0 flex-1">
            <span className="block truncate font-medium"><span className="text-faint">#{String(task.number)}</span> {task.title || "Draft"}</span>
            <span className="block truncate text-[11px] text-faint">{task.pod?.progress || text}</span>
          </span>
        </Link>
        <span data-testid="session-count" title="Sessions" className="min-w-5 rounded-full bg-sunken px-1.5 text-center text-[11px] text-muted">{task.sessionCount}</span>
      </div>
      {open && <TaskSessions store={store} taskId={taskId} sessionIds={task.sessionIds} />}
    </div>
  );
});
