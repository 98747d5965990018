import { useState } from "react";
import { DocumentState, type Plan, type Spec } from "@gen/podium/pods/v1/pod_pb";
import type { Tone } from "@/lib/words";
import { num } from "@/lib/numbers";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { Icon } from "@/ui/Icon";
import { Notice } from "@/ui/Notice";
import { Since } from "@/ui/Since";
import { useAction } from "@/ui/useAction";
import { ReasonModal } from "../ReasonModal";

interface Props {
  name: "spec" | "plan";
  document: Spec | Plan | undefined;
  /** The version shown; 0: the current one. */
  version: number;
  onVersion: (version: number) => void;
  canApprove: boolean;
  canEdit: boolean;
  canReopen: boolean;
  approve: () => Promise<unknown>;
  edit: () => void;
  reopen: (reason: string) => Promise<unknown>;
  request: (feedback: string) => Promise<unknown>;
}

const STATES: Record<number, [string, Tone]> = {
  [DocumentState.DRAFT]: ["Draft", "neutral"],
  [DocumentState.GENERATING]: ["Being written", "active"],
  [DocumentState.READY]: ["Waits for approval", "wait"],
  [DocumentState.APPROVED]: ["Approved", "good"],
};

/** Where a document stands, its versions, and what can be done with it. */
export function DocumentBar({ name, document, version, onVersion, canApprove, canEdit, canReopen, approve, edit, reopen, request }: Props) {
  const [busy, run] = useAction();
  const [asking, setAsking] = useState<"reopen" | "request" | null>(null);
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
        {canEdit && <Button onClick={() => setAsking("request")}>Ask for changes…</Button>}
        {canEdit && <Button onClick={edit}><Icon name="edit" size={14} />Edit</Button>}
        {canReopen && <Button onClick={() => setAsking("reopen")}>Reopen…</Button>}
        {canApprove && <Button kind="primary" disabled={busy} onClick={() => void run(approve)}><Icon name="check" size={14} />Approve v{latest}</Button>}
      </div>
      {version > 0 && version !== latest && <Notice tone="wait" action={<Button small onClick={() => onVersion(0)}>Show the current</Button>}>This is version {version}; the current one is {latest}.</Notice>}
      {document?.lastError && document.state !== DocumentState.APPROVED && latest === 0 && <Notice tone="bad">The last attempt failed: {document.lastError}</Notice>}
      <ReasonModal open={asking === "request"} onClose={() => setAsking(null)} title={`A new ${name}`} verb="Ask an agent" placeholder="What should be different?"
        description={`An agent writes the ${name} again with your words in mind.`} act={request} />
      <ReasonModal open={asking === "reopen"} onClose={() => setAsking(null)} title={`Reopen the ${name}?`} verb="Reopen" placeholder="Why (for the record)"
        description="Its approval is taken back so that it can be edited." act={reopen} />
    </>
  );
}
