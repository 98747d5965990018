import { useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useScope } from "@/actions/scope";
import { ToBoard } from "@/app/NotFound";
import { TASKS } from "@/store/project";
import type { ProjectStore } from "@/store/projectStore";
import { useKey, useProjectStore } from "@/store/useProject";
import { Empty } from "@/ui/Empty";
import { MaestroPanel } from "./MaestroPanel";
import { SessionsSection } from "./SessionsSection";
import { SessionView } from "./SessionView";
import { TaskView } from "./TaskView";

type Pane = "sessions" | "chosen" | "tasks";
const PANES: [Pane, string][] = [["sessions", "Sessions"], ["chosen", "Open"], ["tasks", "Tasks"]];

function Nothing({ store }: { store: ProjectStore }) {
  const { errors } = useKey(store, TASKS);
  if (errors.has(TASKS)) return <Empty icon="folder" title="This project is not to be had" action={<ToBoard />}>It may have been removed, or its service is away. The board shows what is there.</Empty>;
  return <Empty icon="panel" title="Choose a task or a session">Tasks stand on the right, with the sessions that work on them; sessions on the left, with the tasks that they hold.</Empty>;
}

/** Three panes: sessions on the left, tasks on the right, what is chosen between them. */
export function WorkspacePage() {
  const { projectId } = useParams({ from: "/project/$projectId" });
  const { task, session } = useSearch({ from: "/project/$projectId" });
  const store = useProjectStore(projectId);
  useScope({ store, taskId: task, sessionId: session });
  const [pane, setPane] = useState<Pane>(task || session ? "chosen" : "tasks");
  const shown = (name: Pane) => (pane === name ? "" : "max-lg:hidden");
  const reveal = () => setPane("chosen");
  return (
    <div key={projectId} className="flex h-full flex-col">
      {!task && !session && <h1 className="sr-only">Tasks and sessions</h1>}
      <div role="group" aria-label="Panes" className="flex border-b border-line bg-surface px-2 lg:hidden">
        {PANES.map(([name, text]) => (
          <button key={name} type="button" aria-pressed={pane === name} onClick={() => setPane(name)}
            className={`-mb-px h-9 flex-1 border-b-2 font-medium ${pane === name ? "border-accent" : "border-transparent text-muted"}`}>{text}</button>
        ))}
      </div>
      <div className="flex min-h-0 flex-1">
        <div className={`w-full shrink-0 overflow-y-auto border-line bg-surface lg:w-60 lg:border-r 2xl:w-64 ${shown("sessions")}`} onClick={reveal}>
          <SessionsSection store={store} chosen={session ?? ""} />
        </div>
        <div className={`min-w-0 flex-1 overflow-y-auto ${shown("chosen")}`}>
          {session ? <SessionView key={session} store={store} sessionId={session} />
            : task ? <TaskView key={task} store={store} taskId={task} />
            : <Nothing store={store} />}
        </div>
        <div className={`w-full shrink-0 border-line bg-surface lg:w-72 lg:border-l 2xl:w-80 ${shown("tasks")}`}>
          <MaestroPanel store={store} chosen={task ?? ""} onChoose={reveal} />
        </div>
      </div>
    </div>
  );
}
