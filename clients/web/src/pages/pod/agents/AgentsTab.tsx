import { ms } from "@/lib/time";
import { isOver } from "@/lib/words";
import { Empty } from "@/ui/Empty";
import { usePodView } from "../PodContext";
import { usePodSearch } from "../usePodSearch";
import { AgentDetail } from "./AgentDetail";
import { AgentLine } from "./AgentLine";

export function AgentsTab() {
  const { pod } = usePodView();
  const [{ of }, setSearch] = usePodSearch();
  const agents = [...pod.agents].sort((a, b) => Number(isOver(a.status)) - Number(isOver(b.status)) || ms(b.requestedTime) - ms(a.requestedTime));
  const chosen = agents.find((agent) => agent.id === of) ?? agents[0];
  if (!chosen) return <Empty icon="terminal" title="No agents yet">Each step of a pod is done by an agent: you see here what it does, can speak to it and end it.</Empty>;
  return (
    <div className="grid items-start gap-4 @3xl:grid-cols-[260px_minmax(0,1fr)]">
      <section aria-label="Agents" data-rows className="card max-h-[30vh] overflow-y-auto p-1.5 @3xl:max-h-[72vh]">
        {agents.map((agent) => <AgentLine key={agent.id} agent={agent} chosen={agent.id === chosen.id} onOpen={() => setSearch({ of: agent.id })} />)}
      </section>
      <AgentDetail key={chosen.id} agent={chosen} />
    </div>
  );
}
