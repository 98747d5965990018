import { ActionButton } from "@/actions/ActionButton";
import { documentActions } from "@/actions/documents";
import { DocumentState, type Plan, type Spec } from "@gen/podium/pods/v1/pod_pb";
import type { Tone } from "@/lib/words";
import { num } from "@/lib/numbers";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { Notice } from "@/ui/Notice";
import { Since } from "@/ui/Since";
import { usePodView } from "../PodContext";

interface Props {
  name: "spec" | "plan";
  document: Spec | Plan | undefined;
  /** The version shown; 0: the current one. */
  version: number;
  onVersion: (version: number) => void;
}

const STATES: Record<number, [string, Tone]> = {
  [DocumentState.DRAFT]: ["Draft", "neutral"],
  [DocumentState.GENERATING]: ["Being written", "active"],
  [DocumentState.READY]: ["Waits for approval", "wait"],
  [DocumentState.APPROVED]: ["Approved", "good"],
};

/** Where a document stands, its versions, and what can be done with it. */
export function DocumentBar({ name, document, version, onVersion }: Props) {
  const { pod, past } = usePodView();
  const actions = past ? [] : documentActions(pod, name);
  const action = (verb: string) => actions.find((each) => each.id === `${name}-${verb}`);
  const latest = num(document?.version);
  const [text, tone] = STATES[document?.state ?? 0] ?? ["Not written", "muted" as Tone];
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <Chip tone={tone} dot>{text}</Chip>
        {latest > 0 && (
          <select aria-label={`Version of the ${name}`} value={version || latest} onChange={(event) => onVersion(Number(event.target.value) === latest ? 0 : Number(event.target.value))} className="h-7 rounded-lg border border-line bg-surface px-1.5">
            {Array.from({ length: latest }, (_, index) => latest - index).map((each) => <option key={each} value={each}>Version {each}{each === latest ? " (current)" : ""}</option>)}
          </select>
        )}
        {document?.approvedBy && num(document.approvedVersion) > 0 && <span className="text-faint">by {document.approvedBy.replace(/^user:/, "")}, <Since time={document.approvedTime} /> ago</span>}
        <span className="flex-1" />
        <ActionButton action={action("request")} text="Ask for changes…" />
        <ActionButton action={action("edit")} text="Edit" />
        <ActionButton action={action("reopen")} text="Reopen…" />
        {!(version > 0 && version !== latest) && <ActionButton kind="primary" action={action("approve")} text={`Approve v${latest}`} />}
      </div>
      {version > 0 && version !== latest && <Notice tone="wait" action={<Button small onClick={() => onVersion(0)}>Show the current</Button>}>This is version {version}; the current one is {latest}.</Notice>}
      {document?.lastError && document.state !== DocumentState.APPROVED && latest === 0 && <Notice tone="bad">The last attempt failed: {document.lastError}</Notice>}
    </>
  );
}
