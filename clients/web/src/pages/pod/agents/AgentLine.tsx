import type { Agent } from "@gen/podium/pods/v1/pod_pb";
import { agentWord, kindWord } from "@/lib/words";
import { Dot } from "@/ui/Dot";
import { Since } from "@/ui/Since";

export function AgentLine({ agent, chosen = false, onOpen }: { agent: Agent; chosen?: boolean; onOpen: () => void }) {
  const { text, tone } = agentWord(agent.status);
  return (
    <button type="button" data-row onClick={onOpen} aria-pressed={chosen} data-testid={`agent-${agent.id}`}
      className={`row flex w-full items-start gap-2.5 px-2 py-1.5 text-left ${chosen ? "bg-accent-soft" : ""}`}>
      <span className="mt-[5px] flex"><Dot tone={tone} /></span>
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{kindWord(agent.kind)}{agent.workstreamId && ` · ${agent.workstreamId}`}{agent.attempt > 1 && ` · attempt ${agent.attempt}`}</span>
        <span className="block truncate text-faint">{agent.progress || agent.exitReason || agent.profile}</span>
      </span>
      <span className="text-right text-[11px] text-faint"><span className="block">{text}</span><Since time={agent.endedTime ?? agent.startedTime ?? agent.requestedTime} /></span>
    </button>
  );
}
