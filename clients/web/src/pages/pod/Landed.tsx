import { Phase } from "@gen/podium/pods/v1/pod_pb";
import { Notice } from "@/ui/Notice";
import { usePodView } from "./PodContext";

export function Landed() {
  const { pod } = usePodView();
  if (pod.phase !== Phase.COMPLETED) return null;
  const review = pod.review;
  if (!review?.landedCommit) return <Notice tone="good">Completed{pod.closingReason && `: ${pod.closingReason}`}</Notice>;
  return (
    <Notice tone="good">
      <strong className="font-semibold">Landed on {pod.repository?.baseBranch}</strong> as{" "}
      <code data-testid="landed" className="font-mono">{review.landedCommit.slice(0, 12)}</code> · {review.filesChanged} files, +{review.insertions} −{review.deletions}
    </Notice>
  );
}
