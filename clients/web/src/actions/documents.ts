import { DocumentState, Phase, type Plan, type Pod, type Spec } from "@gen/podium/pods/v1/pod_pb";
import { podActions } from "@/api/podActions";
import { show } from "@/app/go";
import { ask, reason } from "@/ui/form";
import type { Action } from "./action";

type Name = "spec" | "plan";

interface Rules {
  approve: boolean;
  edit: boolean;
  reopen: boolean;
}

/** What the document's state and the pod's phase allow. */
export function documentRules(pod: Pod, name: Name): Rules {
  const document: Spec | Plan | undefined = pod[name];
  const inPhase = pod.phase === (name === "spec" ? Phase.SPEC_CLARIFICATION : Phase.PLANNING);
  const approved = document?.state === DocumentState.APPROVED;
  const late = name === "spec" ? Phase.PLANNING : Phase.WORKSTREAM_EXECUTION;
  return {
    approve: inPhase && document?.state === DocumentState.READY,
    edit: inPhase && !approved && document?.state !== DocumentState.GENERATING,
    reopen: approved && pod.phase <= late,
  };
}

const LETTER = { spec: "Spec", plan: "Plan" } as const;

/** Approve, edit, ask for another one, reopen. */
export function documentActions(pod: Pod, name: Name): Action[] {
  const rules = documentRules(pod, name);
  const act = podActions(pod.podId);
  const does = LETTER[name];
  const version = pod[name]?.version ?? 0n;
  const actions: Action[] = [];
  const add = (allowed: boolean, id: string, rpc: string, text: string, icon: Action["icon"], run: () => unknown) => {
    if (allowed) actions.push({ id: `${name}-${id}`, rpc: `PodService.${rpc}`, text, icon, run });
  };
  add(rules.approve, "approve", `Approve${does}`, `Approve the ${name} (v${version})`, "check", () =>
    name === "spec" ? act.approveSpec(version) : act.approvePlan(version));
  add(rules.edit, "edit", `Update${does}`, `Edit the ${name}`, "edit", () => show({ tab: name, edit: true }));
  add(rules.edit, "request", `Request${does}`, `Ask for changes to the ${name}…`, "refresh", () =>
    ask({
      title: `A new ${name}`, verb: "Ask an agent", description: `An agent writes the ${name} again with your words in mind.`,
      fields: [{ kind: "text", name: "feedback", label: "What should be different?" }],
      act: ({ feedback = "" }) => (name === "spec" ? act.requestSpec(feedback) : act.requestPlan(feedback)),
    }));
  add(rules.reopen, "reopen", `Reopen${does}`, `Reopen the ${name}…`, "history", () =>
    ask({
      title: `Reopen the ${name}?`, verb: "Reopen", description: "Its approval is taken back so that it can be edited.", fields: [reason()],
      act: ({ reason: why = "" }) => (name === "spec" ? act.reopenSpec(why) : act.reopenPlan(why)),
    }));
  return actions;
}
