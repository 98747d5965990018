import { ChecksResult, Phase, type Pod } from "@gen/podium/pods/v1/pod_pb";
import { podActions } from "@/api/podActions";
import { show } from "@/app/go";
import { num } from "@/lib/numbers";
import { isFinished, PHASES } from "@/lib/words";
import { proposal, requestName, waysToLand } from "@/pages/pod/review/landing";
import { ask, reason } from "@/ui/form";
import type { Action } from "./action";
import { policyForm } from "./policy";

/** What can be done to the pod as a whole. */
export function wholePodActions(pod: Pod, profiles: readonly string[]): Action[] {
  if (isFinished(pod.phase)) return [history(pod)];
  const act = podActions(pod.podId);
  return [
    { id: "policy", rpc: "PodService.UpdatePolicy", text: "Rules and budget…", icon: "sliders", run: () => ask(policyForm(pod, profiles)) },
    { id: "phase", rpc: "PodService.TransitionPhase", text: "Move to another phase…", icon: "board", run: () => ask(phaseForm(pod)) },
    { id: "evaluate", rpc: "PodService.EvaluateNow", text: "Let the scheduler look now", icon: "refresh", run: () => act.evaluate() },
    history(pod),
    { id: "cancel", rpc: "PodService.CancelPod", text: "Cancel this pod…", icon: "x", danger: true, run: () => ask({
      title: "Cancel this pod?", verb: "Cancel the pod", danger: true, fields: [reason()], act: ({ reason: why = "" }) => act.cancel(why),
      description: "Its agents are interrupted and its workspaces given back. The history stays.",
    }) },
  ];
}

const history = (pod: Pod): Action => ({
  id: "history", rpc: "", text: "Look at its history", icon: "history", run: () => show({ at: Math.max(1, num(pod.revision) - 1) }),
});

function phaseForm(pod: Pod) {
  const others = PHASES.filter(({ phase }) => phase !== pod.phase).map(({ phase, text }) => [String(phase), phase === Phase.COMPLETED ? "Completed" : text] as const);
  return {
    title: "Move to another phase", verb: "Move", description: "By hand, past what the scheduler would do. A step whose conditions are not met is refused, with the reason.",
    fields: [{ kind: "choice" as const, name: "to", label: "Phase", initial: others[0]?.[0] ?? "", options: others }, reason()],
    act: ({ to = "", reason: why = "" }) => podActions(pod.podId).transition(Number(to), why),
  };
}

/** Review: land, land again, send back. */
export function reviewActions(pod: Pod): Action[] {
  const review = pod.review;
  if (pod.phase !== Phase.REVIEW || !review?.integrationCommit) return [];
  const act = podActions(pod.podId);
  const approved = review.approvedCommit === review.integrationCommit;
  const actions: Action[] = [];
  if (!approved && review.checks !== ChecksResult.UNSPECIFIED) {
    for (const way of waysToLand(pod)) {
      actions.push({ id: `review-approve-${way.landing}`, rpc: "PodService.ApproveReview", text: way.approve, icon: "check", run: () => act.approveReview(review.integrationCommit, way.landing) });
    }
  }
  const proposed = proposal(pod);
  if (proposed) actions.push({ id: "look", rpc: "PodService.LandWork", text: `Look whether its ${requestName(proposed)} is merged`, icon: "refresh", run: () => act.land() });
  else if (approved || review.landingError) {
    for (const way of waysToLand(pod)) {
      actions.push({ id: `land-${way.landing}`, rpc: "PodService.LandWork", text: way.again, icon: "refresh", run: () => act.land(way.landing) });
    }
  }
  const workstreams = pod.workstreams.map((each) => [each.id, each.title] as const);
  actions.push({ id: "review-request", rpc: "PodService.RequestChanges", text: "Request changes…", icon: "edit", run: () => ask({
    title: "Request changes", verb: "Send back", description: "The workstream's agent works again, with your words as its next prompt.",
    fields: [
      { kind: "choice", name: "workstream", label: "Workstream", initial: workstreams.at(-1)?.[0] ?? "", options: workstreams },
      { kind: "text", name: "comment", label: "What should be different?", required: true },
    ],
    act: ({ workstream = "", comment = "" }) => act.requestChanges([{ workstreamId: workstream, comment }]),
  }) });
  return actions;
}
