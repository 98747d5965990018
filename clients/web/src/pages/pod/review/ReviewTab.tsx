import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { diff } from "@/api/queries";
import { explain } from "@/api/errors";
import { WorkstreamStatus, Phase } from "@gen/podium/pods/v1/pod_pb";
import { Empty } from "@/ui/Empty";
import { Notice } from "@/ui/Notice";
import { usePodView } from "../PodContext";
import { ownerOf, toChanges, type Comment } from "./comments";
import { DiffFileView } from "./DiffFileView";
import { parseDiff, type DiffLine } from "./parseDiff";
import { ReviewBar } from "./ReviewBar";

export function ReviewTab() {
  const { pod, past, actions } = usePodView();
  const [of, setOf] = useState("");
  const [comments, setComments] = useState<Comment[]>([]);
  const review = pod.review;
  const workstreams = pod.workstreams.filter((each) => each.status === WorkstreamStatus.COMPLETED).sort((a, b) => a.position - b.position);
  const { data, error, isPending } = useQuery({ ...diff(pod.podId, review?.integrationCommit ?? "", of), enabled: Boolean(review?.verified) });
  const files = useMemo(() => parseDiff(data?.text ?? ""), [data]);
  const open = !past && pod.phase === Phase.REVIEW && Boolean(review?.verified) && !review?.landedCommit;
  const queries = useQueryClient();
  const ids = workstreams.map((each) => each.id);
  const filesOf = async (id: string) => parseDiff((await queries.fetchQuery(diff(pod.podId, review?.integrationCommit ?? "", id))).text).map((file) => file.path);
  const request = async (words: string, chosen: string) => {
    const owned = await Promise.all(comments.map(async (each) => ({ ...each, workstreamId: each.workstreamId || (await ownerOf(each.path, ids, filesOf)) })));
    const commented = [...new Set(owned.map((each) => each.workstreamId))];
    const targets = chosen ? [chosen] : commented.length > 0 ? commented : ids;
    await actions.requestChanges(toChanges(owned, words ? { text: words, workstreamIds: targets } : null));
    setComments([]);
  };
  const add = (line: DiffLine, path: string, text: string) =>
    setComments((held) => [...held, { id: `${path}:${held.length}:${line.after || line.before}`, path, line: line.after || line.before, quoted: line.text, text, workstreamId: of }]);
  if (!review?.verified) {
    return <Empty icon="check" title={pod.phase === Phase.REVIEW ? "The work is being verified" : "Nothing to review yet"}>When all workstreams are merged, the checks run on the result and the changes stand here, to be landed or sent back.</Empty>;
  }
  return (
    <div className="space-y-3">
      <ReviewBar open={open} comments={comments} workstreams={workstreams} of={of} onOf={setOf} request={request} />
      {data?.truncated && <Notice tone="wait">The diff is longer than what is kept; its end is left out.</Notice>}
      {error && <Notice tone="bad">{explain(error).title}. {explain(error).hint}</Notice>}
      {isPending && <p role="status" className="text-faint">Loading the changes…</p>}
      {files.map((file) => (
        <DiffFileView key={`${of}/${file.path}`} file={file} comments={comments.filter((comment) => comment.path === file.path)}
          onComment={open ? add : null} onRemove={(id) => setComments((held) => held.filter((comment) => comment.id !== id))} />
      ))}
      {data && files.length === 0 && <Empty icon="check" title="No changes">{of ? "This workstream changed no file. “All changes” shows what the others did." : "The work leaves every file as it was. Ask for changes, or cancel the pod."}</Empty>}
    </div>
  );
}
