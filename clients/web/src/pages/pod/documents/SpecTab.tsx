import { useState } from "react";
import { DocumentState, Phase } from "@gen/podium/pods/v1/pod_pb";
import { Empty } from "@/ui/Empty";
import { usePodView } from "../PodContext";
import { DocumentBar } from "./DocumentBar";
import { DocumentBody } from "./DocumentBody";
import { DocumentEditor } from "./DocumentEditor";
import { useVersion } from "./useVersion";

export function SpecTab() {
  const { pod, actions, past } = usePodView();
  const [editing, setEditing] = useState(false);
  const [version, setVersion, old] = useVersion("spec");
  const spec = pod.spec;
  const inPhase = pod.phase === Phase.SPEC_CLARIFICATION;
  const approved = spec?.state === DocumentState.APPROVED;
  const content = old?.content ?? spec?.content ?? "";
  if (editing && spec) {
    return <DocumentEditor label="Spec" initial={spec.content} onClose={() => setEditing(false)} save={(text) => actions.updateSpec(text)} />;
  }
  return (
    <div className="mx-auto max-w-4xl space-y-3">
      <DocumentBar name="spec" document={spec} version={version} onVersion={setVersion}
        canApprove={!past && inPhase && spec?.state === DocumentState.READY && !old}
        canEdit={!past && inPhase && !approved && spec?.state !== DocumentState.GENERATING}
        canReopen={!past && approved && pod.phase <= Phase.PLANNING}
        approve={() => actions.approveSpec(spec?.version ?? 0n)} edit={() => setEditing(true)}
        reopen={(reason) => actions.reopenSpec(reason)} request={(feedback) => actions.requestSpec(feedback)} />
      {content ? <DocumentBody>{content}</DocumentBody> : (
        <Empty icon="edit" title={spec?.state === DocumentState.GENERATING ? "An agent is writing the spec" : "No spec yet"}>
          The spec says what is to be done, before anybody says how. You approve it, or ask for changes.
        </Empty>
      )}
    </div>
  );
}
