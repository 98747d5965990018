import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { ActionButton } from "@/actions/ActionButton";
import { ActionMenu } from "@/actions/ActionMenu";
import { taskActions } from "@/actions/tasks";
import { openPod } from "@/app/createPod";
import { profiles, projects } from "@/api/queries";
import { taskWord } from "@/lib/words";
import { TASKS } from "@/store/project";
import type { ProjectStore } from "@/store/projectStore";
import { useKey, useTask } from "@/store/useProject";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { Empty } from "@/ui/Empty";
import { Icon } from "@/ui/Icon";
import { Markdown } from "@/ui/Markdown";
import { useAction } from "@/ui/useAction";

const PodScreen = lazy(() => import("@/pages/pod/PodScreen").then((module) => ({ default: module.PodScreen })));

/** A task: its pod where it has one, else its words and ways to begin. */
export function TaskView({ store, taskId }: { store: ProjectStore; taskId: string }) {
  const task = useTask(store, taskId);
  const state = useKey(store, TASKS);
  const [busy, run] = useAction();
  const [opened, setOpened] = useState(false);
  const { data: agents } = useQuery(profiles);
  const { data: places } = useQuery(projects);
  useEffect(() => setOpened(false), [taskId]);
  if (!task) return state.fetched.has(TASKS) ? <Empty page icon="search" title="This task is gone">It was removed, here or elsewhere. The list on the right has the others.</Empty> : <p role="status" className="p-6 text-faint">Loading…</p>;
  const actions = taskActions(store, task, places?.find((each) => each.id === store.projectId), agents ?? []);
  const action = (id: string) => actions.find((each) => each.id === id);
  const give = () => void run(async () => {
    const repository = places?.find((each) => each.id === store.projectId)?.repository ?? "";
    await openPod(task, repository, { text: task.prompt || task.title, profile: agents?.[0] ?? "", quick: false });
    setOpened(true);
  });
  const buttons = (
    <>
      <ActionButton action={action("task-work")} text="Work on task" />
      <ActionMenu label={`More about #${task.number}`} actions={actions.filter(({ id }) => id !== "task-work")} />
    </>
  );
  if (task.pod || opened) {
    return <Suspense fallback={<p role="status" className="p-6 text-faint">Loading…</p>}><PodScreen podId={taskId} beside={actions} /></Suspense>;
  }
  return (
    <article className="mx-auto max-w-3xl space-y-4 p-5">
      <h1 className="text-[17px] font-semibold"><span className="text-faint">#{String(task.number)}</span> {task.title || "Draft"}</h1>
      <Chip tone={taskWord(task.status).tone} dot>{taskWord(task.status).text}</Chip>
      <div className="card p-5"><Markdown>{task.description || task.prompt || "_No words yet._"}</Markdown></div>
      <div className="flex flex-wrap items-center gap-2">
        <Button kind="primary" disabled={busy || !agents?.length} onClick={give}><Icon name="play" size={14} />Give it to agents</Button>
        {buttons}
      </div>
    </article>
  );
}
