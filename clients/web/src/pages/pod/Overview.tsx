import { isFinished } from "@/lib/words";
import { AgentLine } from "./agents/AgentLine";
import { Conversation } from "./Conversation";
import { Decisions } from "./Decisions";
import { Landed } from "./Landed";
import { Usage } from "./Usage";
import { usePodView } from "./PodContext";
import { proposal } from "./review/landing";
import { Proposed } from "./review/Proposed";
import { WaitingOn } from "./WaitingOn";
import { WorkstreamRow } from "./work/WorkstreamRow";
import { Markdown } from "@/ui/Markdown";
import { usePodSearch } from "./usePodSearch";

export function Overview() {
  const { pod, past } = usePodView();
  const [, setSearch] = usePodSearch();
  const liveAgents = pod.agents.filter((agent) => pod.liveAgents.includes(agent.id));
  return (
    <div className="grid gap-4 @4xl:grid-cols-[minmax(0,1fr)_340px]">
      <div className="min-w-0 space-y-4">
        {pod.inbox.length > 0 && !isFinished(pod.phase) && <section aria-label="Wants you" className="card overflow-hidden"><Decisions pod={pod} past={past} /></section>}
        <Landed />
        <Proposed />
        {!isFinished(pod.phase) && pod.inbox.length === 0 && !proposal(pod) && <WaitingOn />}
        {pod.workstreams.length > 0 && (
          <section data-rows className="card p-2">
            <h2 className="px-2 pt-1 pb-2 font-semibold">Workstreams</h2>
            {[...pod.workstreams].sort((a, b) => a.position - b.position).map((each) => (
              <WorkstreamRow key={each.id} workstream={each} onOpen={() => setSearch({ tab: "work", of: each.id })} />
            ))}
          </section>
        )}
        <section className="card p-4">
          <h2 className="mb-2 font-semibold">Request</h2>
          <Markdown>{pod.request}</Markdown>
        </section>
        <Conversation />
      </div>
      <aside aria-label="About this pod" className="min-w-0 space-y-4">
        <section className="card p-2">
          <h2 className="px-2 pt-1 pb-2 font-semibold">Agents at work</h2>
          {liveAgents.length === 0 && <p className="px-2 pb-2 text-faint">None now.</p>}
          {liveAgents.map((agent) => <AgentLine key={agent.id} agent={agent} onOpen={() => setSearch({ tab: "agents", of: agent.id })} />)}
        </section>
        <Usage />
      </aside>
    </div>
  );
}
