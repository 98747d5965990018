import { AgentStatus, type Agent, type Pod } from "@gen/podium/pods/v1/pod_pb";
import { podActions } from "@/api/podActions";
import { show } from "@/app/go";
import { isOver, kindWord } from "@/lib/words";
import { ask, reason } from "@/ui/form";
import type { Action } from "./action";

export const agentName = (agent: Agent) => `${kindWord(agent.kind).toLowerCase()}${agent.workstreamId ? ` of ${agent.workstreamId}` : ""}`;

/** The agents that something can still be done to: those that live, and of the others the last of each work. */
export function currentAgents(pod: Pod): Agent[] {
  const last = new Map(pod.agents.map((agent) => [`${agent.kind} ${agent.workstreamId}`, agent.id]));
  return pod.agents.filter((agent) => !isOver(agent.status) || last.get(`${agent.kind} ${agent.workstreamId}`) === agent.id);
}

/** What can be done to one agent; `named` says which, where the place does not. */
export function agentActions(pod: Pod, agent: Agent, named = true): Action[] {
  const act = podActions(pod.podId);
  const name = named ? ` the ${agentName(agent)}` : "";
  const over = isOver(agent.status);
  const actions: Action[] = [];
  const add = (allowed: boolean, rpc: string, text: string, icon: Action["icon"], run: () => unknown, danger = false) => {
    if (allowed) actions.push({ id: `${rpc}-${agent.id}`, rpc: rpc && `PodService.${rpc}`, text, icon, run, danger });
  };
  const listens = agent.status === AgentStatus.RUNNING || agent.status === AgentStatus.AWAITING_INPUT;
  add(agent.status === AgentStatus.PENDING_START, "StartAgent", `Start${name}`, "play", () => act.startAgent(agent.id));
  add(listens, "SendAgentMessage", `Tell${name || " it"} something…`, "send", () => ask({
    title: `Tell the ${agentName(agent)}`, verb: "Send", done: "Sent", fields: [{ kind: "text", name: "text", label: "Message", required: true }],
    act: ({ text = "" }) => act.tellAgent(agent.id, text.trim()),
  }));
  add(listens, "MarkAgentDone", `Mark${name} as done…`, "check", () => ask({
    title: "Mark this agent as done?", verb: "It is done", description: "Its process ends, and what it has done counts as its finished work.", fields: [],
    act: () => act.markDone(agent.id),
  }));
  add(!over && !agent.interruptRequested, "InterruptAgent", `Interrupt${name}…`, "stop", () => ask({
    title: "Interrupt this agent?", verb: "Interrupt", danger: true, fields: [reason()],
    description: "Its process ends now. Its workstream waits until you try again or go on without it.",
    act: ({ reason: why = "" }) => act.interruptAgent(agent.id, why.trim()),
  }), true);
  add(over && agent.status !== AgentStatus.COMPLETED, "RestartAgent", `Restart${name}`, "refresh", () => act.restartAgent(agent.id));
  if (named) actions.push({ id: `show-${agent.id}`, rpc: "", text: `Show the ${agentName(agent)}`, icon: "terminal", run: () => show({ tab: "agents", of: agent.id }) });
  return actions;
}
