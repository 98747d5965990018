import { AgentStatus, ChecklistState, Phase, Priority, WorkstreamStatus as S, type Pod, type Workstream } from "@gen/podium/pods/v1/pod_pb";
import { podActions } from "@/api/podActions";
import { ask, reason, type Field, type Values } from "@/ui/form";
import { brief, type Action } from "./action";

const over = (status: S) => status === S.COMPLETED || status === S.SKIPPED || status === S.CANCELLED;
/** An interrupted attempt keeps its workstream until a person decides. */
export const isHeld = (workstream: Workstream) => workstream.status === S.IN_PROGRESS && workstream.attempts.at(-1)?.outcome === AgentStatus.INTERRUPTED;

export function newWorkstream(pod: Pod): Action[] {
  if (pod.phase !== Phase.WORKSTREAM_EXECUTION) return [];
  const run = () => ask({
    title: "New workstream", verb: "Add", description: "One agent does it in a branch of its own; it is merged with the others.",
    fields: [{ kind: "line", name: "id", label: "Id", required: true, mono: true, pattern: "[a-z0-9][a-z0-9\\-]{0,62}", hint: "Small letters, digits, dashes." }, ...itemFields(pod)],
    act: (values) => podActions(pod.podId).createWorkstream({ id: values.id ?? "", ...item(values) }),
  });
  return [{ id: "workstream-new", rpc: "PodService.CreateWorkstream", text: "New workstream…", icon: "plus", run }];
}

function itemFields(pod: Pod, of?: Workstream): Field[] {
  const others = pod.workstreams.filter((each) => each.id !== of?.id).map((each) => each.id).join(", ");
  return [
    { kind: "line", name: "title", label: "Title", required: true, initial: of?.title },
    { kind: "line", name: "after", label: "After", mono: true, initial: of?.dependencies.join(", "), hint: others ? `Any of ${brief(others, 80)}` : "There are no others." },
    { kind: "choice", name: "priority", label: "Priority", initial: String(of?.priority || Priority.NORMAL), options: [[String(Priority.HIGH), "High"], [String(Priority.NORMAL), "Normal"], [String(Priority.LOW), "Low"]] },
    { kind: "text", name: "description", label: "What the agent is to do", rows: 6, mono: true, required: true, initial: of?.spec },
  ];
}

const item = ({ title = "", after = "", priority = "0", description = "" }: Values) => ({
  title, description, priority: Number(priority), dependencies: after.split(/[,\s]+/).filter(Boolean),
});

const PATHS: [string, string][] = [["title", "title"], ["after", "dependencies"], ["priority", "priority"], ["description", "description"]];

/** What can be done to one workstream; `named` says which, where the place does not. */
export function workstreamActions(pod: Pod, workstream: Workstream, named = true): Action[] {
  const { id, status } = workstream;
  const act = podActions(pod.podId);
  const name = named ? ` ${brief(workstream.title, 32)}` : "";
  const actions: Action[] = [];
  const add = (allowed: boolean, rpc: string, text: string, icon: Action["icon"], run: () => unknown, danger = false) => {
    if (allowed) actions.push({ id: `${rpc}-${id}`, rpc: `PodService.${rpc}`, text, icon, run, danger });
  };
  const words = (title: string, verb: string, description: string, label: string, then: (text: string) => Promise<unknown>, danger = false) =>
    ask({ title, verb, description, danger, fields: [reason(label)], act: ({ reason: text = "" }) => then(text.trim()) });
  add(status === S.READY, "StartWorkstream", `Start${name} now`, "play", () => act.startWorkstream(id));
  add(status === S.FAILED || isHeld(workstream), "RetryWorkstream", `Try${name} again…`, "refresh", () =>
    words("Try again?", "Try again", "Fresh attempts, with your advice.", "Advice (optional)", (text) => act.retryWorkstream(id, text)));
  add(!over(status), "SkipWorkstream", `Skip${name}…`, "chevron", () =>
    words("Go on without it?", "Skip", "What depends on it may start.", "Why", (text) => act.skipWorkstream(id, text)));
  add(!over(status) && status !== S.FAILED, "UpdateWorkstream", `Edit${name}…`, "edit", () => ask(editForm(pod, workstream)));
  add(!over(status), "UpdateChecklist", `Checklist of${name || " this workstream"}…`, "list", () => ask(checklistForm(pod, workstream)));
  add(status === S.IN_PROGRESS, "CompleteWorkstream", `Mark${name} as done…`, "check", () =>
    words("Mark as done?", "It is done", "Its branch is merged as it is.", "What was done", (text) => act.completeWorkstream(id, text)));
  add(status === S.IN_PROGRESS, "FailWorkstream", `Mark${name} as failed…`, "x", () =>
    words("Mark as failed?", "It failed", "What depends on it waits for your decision.", "Why", (text) => act.failWorkstream(id, text), true), true);
  add(!over(status), "CancelWorkstream", `Cancel${name}…`, "x", () =>
    words("Cancel this workstream?", "Cancel it", "What depends on it is blocked.", "Why", (text) => act.cancelWorkstream(id, text), true), true);
  return actions;
}

function editForm(pod: Pod, workstream: Workstream) {
  const fields = itemFields(pod, workstream);
  return {
    title: `Edit ${brief(workstream.title)}`, verb: "Save", description: "What runs already goes on with the words it began with.", fields,
    act: async (values: Values) => {
      const initial = new Map(fields.map((field) => [field.name, field.initial ?? ""]));
      const paths = PATHS.filter(([name]) => (values[name] ?? "") !== initial.get(name)).map(([, path]) => path);
      if (paths.length > 0) await podActions(pod.podId).updateWorkstream({ id: workstream.id, ...item(values) }, paths);
    },
  };
}

const SIGNS: [string, ChecklistState][] = [["x", ChecklistState.DONE], [">", ChecklistState.DOING], ["!", ChecklistState.BLOCKED], [" ", ChecklistState.TODO]];

function checklistForm(pod: Pod, workstream: Workstream) {
  const initial = workstream.checklist.map((each) => `[${SIGNS.find(([, state]) => state === each.state)?.[0] ?? " "}] ${each.text}`).join("\n");
  return {
    title: `Checklist of ${brief(workstream.title)}`, verb: "Save",
    fields: [{ kind: "text" as const, name: "items", label: "One item a line", mono: true, rows: 8, initial, hint: "[ ] to do, [>] doing, [x] done, [!] blocked" }],
    act: ({ items = "" }: Values) => podActions(pod.podId).updateChecklist(workstream.id, items.split("\n").filter((line) => line.trim()).map(parseItem)),
  };
}

export function parseItem(line: string): { text: string; state: ChecklistState } {
  const match = /^\s*(?:-\s*)?\[(.)\]\s*(.*)$/.exec(line);
  const state = SIGNS.find(([sign]) => sign === match?.[1]?.toLowerCase())?.[1] ?? ChecklistState.TODO;
  return { text: (match?.[2] ?? line).trim(), state };
}
