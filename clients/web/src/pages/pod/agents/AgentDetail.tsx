import { lazy, Suspense, useState, type FormEvent } from "react";
import { ActionButton } from "@/actions/ActionButton";
import { agentActions } from "@/actions/agents";
import { AgentStatus, type Agent } from "@gen/podium/pods/v1/pod_pb";
import { agentWord, cost, isFinished, isOver, kindWord } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { Icon } from "@/ui/Icon";
import { Since } from "@/ui/Since";
import { useAction } from "@/ui/useAction";
import { usePodView } from "../PodContext";

const SHOWN = ["StartAgent", "MarkAgentDone", "InterruptAgent", "RestartAgent"];
const TerminalView = lazy(() => import("@/terminal/TerminalView"));
const Transcript = lazy(() => import("@/pages/transcript/Transcript"));

export function AgentDetail({ agent }: { agent: Agent }) {
  const { pod, past } = usePodView();
  const actions = isFinished(pod.phase) ? [] : agentActions(pod, agent, false);
  const [terminal, setTerminal] = useState(false);
  const { text, tone } = agentWord(agent.status);
  const over = isOver(agent.status);
  return (
    <section aria-label={`${kindWord(agent.kind)} ${agent.workstreamId}`} className="card flex min-w-0 flex-col overflow-hidden">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-4 py-2.5">
        <h2 className="font-semibold">{kindWord(agent.kind)}{agent.workstreamId && ` · ${agent.workstreamId}`}</h2>
        <Chip tone={tone} dot>{agent.interruptRequested && !over ? "Being interrupted" : text}</Chip>
        <span className="flex-1 text-faint">{agent.profile}{agent.runnerId && ` on ${agent.runnerId}`} · <Since time={agent.requestedTime} /> ago{cost(agent.usage) && ` · ${cost(agent.usage)}`}</span>
        {!past && SHOWN.map((rpc) => <ActionButton key={rpc} small kind={rpc === "StartAgent" ? "primary" : "plain"} action={actions.find((each) => each.rpc === `PodService.${rpc}`)} />)}
      </header>
      {(agent.exitReason || agent.progress) && <p className="border-b border-line px-4 py-2 text-muted">{over ? agent.exitReason || agent.progress : agent.progress}</p>}
      {!past && !over && <Views terminal={terminal} onTerminal={setTerminal} />}
      <Suspense fallback={<div className="h-[420px]" />}>
        {terminal && !over && !past ? <TerminalView projectId={pod.projectId} sessionId={agent.id} readOnly className="h-[min(56vh,600px)]" /> : <Transcript sessionId={agent.id} live={!over} />}
      </Suspense>
      {!past && (agent.status === AgentStatus.RUNNING || agent.status === AgentStatus.AWAITING_INPUT) && <Tell agentId={agent.id} />}
    </section>
  );
}

/** What it said so far, or its terminal as it is now. */
function Views({ terminal, onTerminal }: { terminal: boolean; onTerminal: (terminal: boolean) => void }) {
  return (
    <div role="group" aria-label="How to look at it" className="flex gap-1 border-b border-line px-3 py-1.5">
      {([["Transcript", false], ["Terminal", true]] as const).map(([name, value]) => (
        <button key={name} type="button" aria-pressed={terminal === value} onClick={() => onTerminal(value)}
          className={`h-7 rounded-md px-2.5 font-medium ${terminal === value ? "bg-sunken text-ink" : "text-muted hover:text-ink"}`}>{name}</button>
      ))}
    </div>
  );
}

function Tell({ agentId }: { agentId: string }) {
  const { actions } = usePodView();
  const [text, setText] = useState("");
  const [busy, run] = useAction();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await run(() => actions.tellAgent(agentId, text.trim()), "Sent")) setText("");
  };
  return (
    <form onSubmit={submit} className="flex gap-2 border-t border-line p-3">
      <input aria-label="Message to the agent" className="field" placeholder="Tell the agent something…" value={text} onChange={(event) => setText(event.target.value)} />
      <Button type="submit" disabled={busy || !text.trim()}><Icon name="send" size={14} />Send</Button>
    </form>
  );
}
