import { Phase } from "@gen/podium/pods/v1/pod_pb";
import { Notice } from "@/ui/Notice";
import { usePodView } from "./PodContext";
import { requestName } from "./review/landing";
import { RequestLink } from "./review/Proposed";

export function Landed() {
  const { pod } = usePodView();
  if (pod.phase !== Phase.COMPLETED) return null;
  const review = pod.review;
  const sync = pod.externalSync?.number ? pod.externalSync : null;
  if (!review?.landedCommit) return <Notice tone="good">Completed{pod.closingReason && `: ${pod.closingReason}`}</Notice>;
  return (
    <Notice tone="good">
      <strong className="font-semibold">Landed on {pod.repository?.baseBranch}</strong> as{" "}
      <code data-testid="landed" className="font-mono">{review.landedCommit.slice(0, 12)}</code> · {review.filesChanged} files, +{review.insertions} −{review.deletions}
      {sync && <> · <RequestLink url={sync.url}>{requestName(sync)}</RequestLink></>}
    </Notice>
  );
}
