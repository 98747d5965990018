import { documentRules } from "@/actions/documents";
import { DocumentState } from "@gen/podium/pods/v1/pod_pb";
import { Empty } from "@/ui/Empty";
import { usePodView } from "../PodContext";
import { usePodSearch } from "../usePodSearch";
import { DocumentBar } from "./DocumentBar";
import { DocumentBody } from "./DocumentBody";
import { PlanEditor } from "./PlanEditor";
import { PlanItemCard } from "./PlanItemCard";
import { useVersion } from "./useVersion";

export function PlanTab() {
  const { pod, past } = usePodView();
  const [{ edit }, setSearch] = usePodSearch();
  const close = () => setSearch({ edit: undefined });
  const [version, setVersion, old] = useVersion("plan");
  const plan = pod.plan;
  const items = old?.items ?? plan?.items ?? [];
  if (edit && !past && documentRules(pod, "plan").edit && plan) return <PlanEditor plan={plan} onClose={close} />;
  return (
    <div className="mx-auto max-w-4xl space-y-3">
      <DocumentBar name="plan" document={plan} version={version} onVersion={setVersion} />
      {items.length === 0 ? (
        <Empty icon="list" title={plan?.state === DocumentState.GENERATING ? "An agent is making the plan" : "No plan yet"}>
          The plan cuts the approved spec into workstreams that agents do side by side, and says which must wait for which.
        </Empty>
      ) : (
        <>
          <DocumentBody>{old?.content ?? plan?.summary ?? ""}</DocumentBody>
          <ol className="space-y-2">{items.map((item, index) => <PlanItemCard key={item.id} item={item} number={index + 1} />)}</ol>
        </>
      )}
    </div>
  );
}
