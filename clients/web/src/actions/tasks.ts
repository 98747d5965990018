import { SessionOrigin, SessionStatus, TaskPriority, TaskStatus, TimelineKind, type Project, type Session, type Task } from "@gen/podium/tasks/v1/task_pb";
import { maestro } from "@/api/clients";
import { newRequestId } from "@/api/requestId";
import { openPod } from "@/app/createPod";
import { go } from "@/app/go";
import { closeTerminal, workOn } from "@/pages/workspace/terminals";
import type { ProjectStore } from "@/store/projectStore";
import { taskWord } from "@/lib/words";
import { ask, type Field, type Values } from "@/ui/form";
import { brief, type Action } from "./action";

const STATUSES = [TaskStatus.PENDING, TaskStatus.IN_PROGRESS, TaskStatus.IN_REVIEW, TaskStatus.BLOCKED, TaskStatus.COMPLETED, TaskStatus.CANCELLED];

const isFinished = (task: Task) => task.status === TaskStatus.COMPLETED || task.status === TaskStatus.CANCELLED;

/** What can be done to one task of the panes. */
export function taskActions(store: ProjectStore, task: Task, project: Project | undefined, profiles: readonly string[]): Action[] {
  const ids = () => ({ projectId: store.projectId, taskId: task.id, requestId: newRequestId() });
  const sessions = [...store.state.sessions.values()].map(({ value }) => value);
  const free = sessions.filter((each) => !each.taskIds.includes(task.id) && each.status < SessionStatus.COMPLETED);
  const actions: Action[] = [
    { id: "task-work", rpc: "MaestroService.SpawnSession", text: `Work on #${task.number} in a terminal`, icon: "terminal", run: async () => showSession(store, await workOn(store, task)) },
    { id: "task-work-with", rpc: "MaestroService.SpawnSession", text: `Work on #${task.number} with an agent or a command…`, icon: "terminal", run: () => ask(workForm(store, task, profiles)) },
    { id: "task-edit", rpc: "MaestroService.UpdateTask", text: `Edit #${task.number}…`, icon: "edit", run: () => ask(editForm(store, task)) },
  ];
  if (!task.pod) {
    actions.push({ id: "task-give", rpc: "PodService.OpenPod", text: `Give #${task.number} to agents…`, icon: "play", run: () => ask({
      title: `Give #${task.number} to agents`, verb: "Open its pod", description: "Agents write a spec and a plan first; you approve both.",
      fields: [
        { kind: "choice", name: "profile", label: "Agent", initial: profiles[0], options: profiles.map((each) => [each, each] as const), required: true },
        { kind: "box", name: "quick", label: "Straight to work", hint: "One agent, one workstream; you approve the result." },
      ],
      act: ({ profile = "", quick = "" }) => openPod(task, project?.repository ?? "", { text: task.prompt || task.description || task.title, profile, quick: quick === "yes" }),
    }) });
  }
  if (free.length > 0) {
    actions.push({ id: "task-link", rpc: "MaestroService.AddTaskToSession", text: `Put #${task.number} into a session…`, icon: "link", run: () => ask({
      title: `Put #${task.number} into a session`, verb: "Put it there",
      fields: [{ kind: "choice", name: "session", label: "Session", initial: free[0]?.id, options: free.map((each) => [each.id, each.name || each.agent || each.id] as const) }],
      act: async ({ session = "" }) => store.absorb(await maestro.addTaskToSession({ ...ids(), sessionId: session })),
    }) });
  }
  for (const session of sessions.filter((each) => each.taskIds.includes(task.id))) {
    actions.push({ id: `task-unlink-${session.id}`, rpc: "MaestroService.RemoveTaskFromSession", text: `Take #${task.number} out of ${brief(session.name || session.id, 32)}`, icon: "x", run: () => store.unlink(task.id, session.id, newRequestId()) });
  }
  actions.push({ id: "task-delete", rpc: "MaestroService.DeleteTask", text: `Delete #${task.number}…`, icon: "trash", danger: true, run: () => ask({
    title: `Delete #${task.number}?`, verb: "Delete the task", danger: true, fields: [],
    description: task.pod && !isFinished(task) ? "An unfinished pod owns it: cancel the pod first." : "It is taken out of its sessions, and tasks below it go too. The history of its pod stays.",
    act: () => maestro.deleteTask(ids()),
  }) });
  return actions;
}

function workForm(store: ProjectStore, task: Task, profiles: readonly string[]) {
  return {
    title: `Work on #${task.number}`, verb: "Open the terminal", description: "In the project's repository, with the task at hand.",
    fields: [
      { kind: "choice" as const, name: "agent", label: "Agent", initial: "", options: [["", "None: my shell"] as const, ...profiles.map((each) => [each, each] as const)], hint: "By the command for people that its profile names." },
      { kind: "line" as const, name: "command", label: "Or a command", mono: true, placeholder: "htop", hint: "Words; no shell reads them." },
    ],
    act: async ({ agent = "", command = "" }: Values) => {
      showSession(store, await workOn(store, task, { agent, command: command.split(/\s+/).filter(Boolean) }));
    },
  };
}

function editForm(store: ProjectStore, task: Task) {
  const fields: Field[] = [
    { kind: "text", name: "title", label: "Title", rows: 2, required: true, initial: task.title },
    { kind: "choice", name: "priority", label: "Priority", initial: String(task.priority), options: [[String(TaskPriority.HIGH), "High"], [String(TaskPriority.MEDIUM), "Medium"], [String(TaskPriority.LOW), "Low"]] },
    ...(task.pod && !isFinished(task) ? [] : [{ kind: "choice" as const, name: "status", label: "Status", initial: String(task.status), options: STATUSES.map((each) => [String(each), taskWord(each).text] as const) }]),
    { kind: "text", name: "description", label: "Description", rows: 6, initial: task.description },
    { kind: "text", name: "prompt", label: "Words for agents", rows: 4, initial: task.prompt },
  ];
  const act = async (values: Values) => {
    const paths = fields.filter((field) => (values[field.name] ?? "") !== (field.initial ?? "")).map((field) => field.name);
    if (paths.length === 0) return;
    const { title = "", description = "", prompt = "", priority = "0", status = "0" } = values;
    store.absorb(await maestro.updateTask({
      projectId: store.projectId, taskId: task.id, requestId: newRequestId(), title: title.trim(), description, prompt, priority: Number(priority), status: Number(status), updateMask: { paths },
    }));
  };
  return { title: `Edit #${task.number}`, verb: "Save", fields, act };
}

function removeSession(store: ProjectStore, sessionId: string): Promise<void> {
  const requestId = newRequestId();
  return store.removeSession(sessionId, requestId, () => maestro.deleteSession({ projectId: store.projectId, sessionId, requestId }));
}

const showSession = (store: ProjectStore, session: string) => go({ to: "/project/$projectId", params: { projectId: store.projectId }, search: { session } });

/** What can be done to one session of the panes. */
export function sessionActions(store: ProjectStore, session: Session): Action[] {
  const ids = () => ({ projectId: store.projectId, sessionId: session.id, requestId: newRequestId() });
  const name = brief(session.name || session.agent || session.id, 32);
  const over = session.status >= SessionStatus.COMPLETED;
  const actions: Action[] = [];
  const add = (allowed: boolean, rpc: string, text: string, icon: Action["icon"], run: () => unknown, danger = false) => {
    if (allowed) actions.push({ id: `session-${rpc}`, rpc: `MaestroService.${rpc}`, text, icon, run, danger });
  };
  const own = session.origin !== SessionOrigin.POD;
  add(own, "UpdateSession", `Rename ${name}…`, "edit", () => ask({
    title: "Rename the session", verb: "Rename", fields: [{ kind: "line", name: "name", label: "Name", required: true, initial: session.name }],
    act: async ({ name: wanted = "" }) => store.absorb(await maestro.updateSession({ ...ids(), name: wanted.trim(), updateMask: { paths: ["name"] } })),
  }));
  add(own && !over, "AppendTimeline", `Note something in ${name}…`, "edit", () => ask({
    title: "Note", verb: "Note it", fields: [{ kind: "text", name: "text", label: "Note", required: true }],
    act: async ({ text = "" }) => store.absorb(await maestro.appendTimeline({ ...ids(), kind: TimelineKind.NOTE, text: text.trim() })),
  }));
  add(own && Boolean(session.needsInput?.active), "SetNeedsInput", `${name} waits no longer`, "check", async () =>
    store.absorb(await maestro.setNeedsInput({ ...ids(), active: false })));
  add(own && !over, "CloseSession", `Close ${name}`, "x", () => closeTerminal(store, session.id), true);
  add(over || !own, "DeleteSession", `Delete ${name}…`, "trash", () => ask({
    title: "Delete the session?", verb: "Delete it", danger: true, fields: [], description: "Its tasks lose it; what it did stays in the history.", act: () => removeSession(store, session.id),
  }), true);
  return actions;
}
