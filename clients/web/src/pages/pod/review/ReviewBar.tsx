import { ChecksResult, type Workstream } from "@gen/podium/pods/v1/pod_pb";
import type { Tone } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { ask } from "@/ui/form";
import { Notice } from "@/ui/Notice";
import { useAction } from "@/ui/useAction";
import { Landed } from "../Landed";
import { usePodView } from "../PodContext";
import type { Comment } from "./comments";
import { proposal, waysToLand, type WayToLand } from "./landing";
import { Proposed } from "./Proposed";

interface Props {
  open: boolean;
  comments: readonly Comment[];
  workstreams: readonly Workstream[];
  of: string;
  onOf: (workstreamId: string) => void;
  /** Sends the comments, with words that belong to no line; `chosen`: to whom those go, empty: to all that is meant. */
  request: (words: string, chosen: string) => Promise<unknown>;
}

const CHECKS: Record<number, [string, Tone]> = {
  [ChecksResult.PASSED]: ["Checks passed", "good"],
  [ChecksResult.FAILED]: ["Checks failed", "bad"],
  [ChecksResult.NONE]: ["NOT VERIFIED: no checks", "wait"],
};

/** The verdict of the checks, whose changes are shown, and what to do: land, or send back. */
export function ReviewBar({ open, comments, workstreams, of, onOf, request }: Props) {
  const { pod, actions } = usePodView();
  const [busy, run] = useAction();
  const review = pod.review;
  const [text, tone] = CHECKS[review?.checks ?? 0] ?? ["Being verified", "neutral" as Tone];
  const approved = Boolean(review?.approvedCommit) && review?.approvedCommit === review?.integrationCommit;
  const [usual, other] = waysToLand(pod);
  const proposed = proposal(pod) !== null;
  const approve = (way: WayToLand) => void run(() => actions.approveReview(review?.integrationCommit ?? "", way.landing));
  const sendBack = () => ask({
    title: "Request changes", verb: "Send back",
    description: `${comments.length > 0 ? `Your comments on lines (${comments.length}) go along, each to the workstream that changed its file. ` : ""}Their agents work again, with what you say as their next prompt.`,
    fields: [
      { kind: "choice", name: "workstream", label: "Words for", initial: of, options: [["", comments.length > 0 ? "Those with comments" : "All workstreams"], ...workstreams.map((each) => [each.id, each.title] as const)] },
      { kind: "text", name: "words", label: comments.length > 0 ? "More words (optional)" : "What should be different?", required: comments.length === 0 },
    ],
    act: ({ words = "", workstream = "" }) => request(words.trim(), workstream),
  });
  return (
    <>
      <Landed />
      <Proposed />
      {review?.landingError && <Notice tone="bad" action={<Button small disabled={busy} onClick={() => void run(() => actions.land())}>{waysToLand(pod)[0].again}</Button>}>It could not land: {review.landingError}</Notice>}
      <div className="flex flex-wrap items-center gap-2">
        <Chip tone={tone} dot>{text}</Chip>
        <select aria-label="Whose changes" value={of} onChange={(event) => onOf(event.target.value)} className="h-8 max-w-60 rounded-lg border border-line bg-surface px-2">
          <option value="">All changes</option>
          {workstreams.map((each) => <option key={each.id} value={each.id}>{each.title}</option>)}
        </select>
        <span className="text-faint">{review?.filesChanged} files, +{review?.insertions} −{review?.deletions} at <code className="font-mono">{review?.integrationCommit.slice(0, 12)}</code></span>
        <span className="ml-auto flex flex-wrap justify-end gap-2">
          {open && <Button onClick={sendBack}>Request changes{comments.length > 0 && ` (${comments.length})`}…</Button>}
          {open && !approved && <Button disabled={busy} onClick={() => approve(other)}>{other.approve}</Button>}
          {open && !proposed && <Button kind="primary" disabled={busy || approved} onClick={() => approve(usual)}>{approved ? "Landing…" : usual.approve}</Button>}
        </span>
      </div>
      {review?.checksOutput && review.checks === ChecksResult.FAILED && <pre tabIndex={0} className="card max-h-72 overflow-auto p-3 font-mono text-xs">{review.checksOutput}</pre>}
    </>
  );
}
