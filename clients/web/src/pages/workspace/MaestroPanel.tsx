import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { ActionMenu } from "@/actions/ActionMenu";
import { projectActions } from "@/actions/projects";
import { projects } from "@/api/queries";
import { openDialog } from "@/app/dialogs";
import { num } from "@/lib/numbers";
import { TASKS } from "@/store/project";
import type { ProjectStore } from "@/store/projectStore";
import { useKey, useShown } from "@/store/useProject";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { IconButton } from "@/ui/IconButton";
import { Notice } from "@/ui/Notice";
import { TaskListItem } from "./TaskListItem";

const ROW_PX = 44;

/** The tasks of the project. Knows their order only: each row reads its own task. */
export function MaestroPanel({ store, chosen, onChoose }: { store: ProjectStore; chosen: string; onChoose: () => void }) {
  useShown(store, TASKS);
  const state = useKey(store, TASKS);
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.toLowerCase());
  const ids = useMemo(
    () => [...state.tasks.values()].filter(({ value }) => `#${value.number} ${value.title}`.toLowerCase().includes(wanted))
      .sort((a, b) => num(b.value.number) - num(a.value.number)).map(({ value }) => value.id),
    // Titles are matched as they were when the list changed; rows show them live.
    [state.tasks.size, state.fetched, wanted, state],
  );
  const queries = useQueryClient();
  const project = useQuery(projects).data?.find((each) => each.id === store.projectId);
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: ids.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_PX, getItemKey: (index) => ids[index] ?? index, overscan: 10 });
  const place = ids.indexOf(chosen);
  useEffect(() => {
    if (place >= 0) rows.scrollToIndex(place);
    // Once for each task that is chosen: not when others come.
  }, [chosen, place >= 0]);
  const error = state.errors.get(TASKS);
  const loaded = state.fetched.has(TASKS);
  return (
    <section aria-label="Tasks" data-rows className="flex h-full flex-col">
      <div className="flex items-center gap-1 px-3 pt-2 pb-1">
        <h2 className="flex-1 font-semibold">Tasks <span className="font-normal text-faint">{loaded ? ids.length : ""}</span></h2>
        <IconButton icon="refresh" label="Fetch the tasks again" onClick={() => void store.load(TASKS, { force: true })} />
        {project && <ActionMenu label="About this project" actions={projectActions(project, () => queries.invalidateQueries({ queryKey: projects.queryKey }))} />}
        <IconButton icon="plus" label="New task" onClick={() => openDialog("task")} />
      </div>
      <div className="px-3 pb-2"><input data-search aria-label="Filter tasks" className="field h-8" placeholder="Filter tasks" value={text} onChange={(event) => setText(event.target.value)} /></div>
      {error && <div className="px-3 pb-2"><Notice tone="bad" action={<Button small onClick={() => void store.load(TASKS, { force: true })}>Try again</Button>}>{error}</Notice></div>}
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto px-2 pb-2">
        {!loaded && state.loading.has(TASKS) && <p role="status" className="p-3 text-faint">Loading…</p>}
        {loaded && ids.length === 0 && <Empty icon="list" title={wanted ? "No match" : "No tasks yet"}>{!wanted && "A task says what is to be done. Agents take it from there, or you do."}</Empty>}
        <ul className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => (
            <li key={row.key} data-index={row.index} ref={rows.measureElement} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${row.start}px)` }}>
              <TaskListItem store={store} taskId={ids[row.index] ?? ""} chosen={ids[row.index] === chosen} onChoose={onChoose} />
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
