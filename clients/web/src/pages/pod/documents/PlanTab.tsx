import { useState } from "react";
import { DocumentState, Phase } from "@gen/podium/pods/v1/pod_pb";
import { Empty } from "@/ui/Empty";
import { usePodView } from "../PodContext";
import { DocumentBar } from "./DocumentBar";
import { DocumentBody } from "./DocumentBody";
import { PlanEditor } from "./PlanEditor";
import { PlanItemCard } from "./PlanItemCard";
import { useVersion } from "./useVersion";

export function PlanTab() {
  const { pod, actions, past } = usePodView();
  const [editing, setEditing] = useState(false);
  const [version, setVersion, old] = useVersion("plan");
  const plan = pod.plan;
  const inPhase = pod.phase === Phase.PLANNING;
  const approved = plan?.state === DocumentState.APPROVED;
  const items = old?.items ?? plan?.items ?? [];
  if (editing && plan) return <PlanEditor plan={plan} onClose={() => setEditing(false)} />;
  return (
    <div className="mx-auto max-w-4xl space-y-3">
      <DocumentBar name="plan" document={plan} version={version} onVersion={setVersion}
        canApprove={!past && inPhase && plan?.state === DocumentState.READY && !old}
        canEdit={!past && inPhase && !approved && plan?.state !== DocumentState.GENERATING}
        canReopen={!past && approved && (inPhase || pod.phase === Phase.WORKSTREAM_EXECUTION)}
        approve={() => actions.approvePlan(plan?.version ?? 0n)} edit={() => setEditing(true)}
        reopen={(reason) => actions.reopenPlan(reason)} request={(feedback) => actions.requestPlan(feedback)} />
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
