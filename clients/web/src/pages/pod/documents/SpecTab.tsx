import { documentRules } from "@/actions/documents";
import { DocumentState } from "@gen/podium/pods/v1/pod_pb";
import { Empty } from "@/ui/Empty";
import { usePodView } from "../PodContext";
import { usePodSearch } from "../usePodSearch";
import { DocumentBar } from "./DocumentBar";
import { DocumentBody } from "./DocumentBody";
import { DocumentEditor } from "./DocumentEditor";
import { useVersion } from "./useVersion";

export function SpecTab() {
  const { pod, actions, past } = usePodView();
  const [{ edit }, setSearch] = usePodSearch();
  const close = () => setSearch({ edit: undefined });
  const [version, setVersion, old] = useVersion("spec");
  const spec = pod.spec;
  const content = old?.content ?? spec?.content ?? "";
  if (edit && !past && documentRules(pod, "spec").edit && spec) {
    return <DocumentEditor label="Spec" initial={spec.content} onClose={close} save={(text) => actions.updateSpec(text)} />;
  }
  return (
    <div className="mx-auto max-w-4xl space-y-3">
      <DocumentBar name="spec" document={spec} version={version} onVersion={setVersion} />
      {content ? <DocumentBody>{content}</DocumentBody> : (
        <Empty icon="edit" title={spec?.state === DocumentState.GENERATING ? "An agent is writing the spec" : "No spec yet"}>
          The spec says what is to be done, before anybody says how. You approve it, or ask for changes.
        </Empty>
      )}
    </div>
  );
}
