import { useState } from "react";
import { openDialog } from "@/app/dialogs";
import { TOTALS } from "@/store/board";
import { useBoardKey } from "@/store/boardStore";
import { isFinished } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { Icon } from "@/ui/Icon";
import { InboxPod } from "./InboxPod";

const SHOWN = 20;
/** Each is a target of the tab's watch. */
const MOST = 60;

/** Everything that wants a person, over all pods; made for reading and answering, also on a phone. */
export function InboxPage() {
  const board = useBoardKey(TOTALS);
  const [all, setAll] = useState(false);
  const waiting = [...board.pods.values()].filter((pod) => !isFinished(pod.phase) && pod.attention > 0);
  const ids = waiting.map((pod) => pod.podId);
  const shown = all ? ids.slice(0, MOST) : ids.slice(0, SHOWN);
  return (
    <div className="mx-auto max-w-3xl px-4 py-4">
      <div className="mb-3 flex items-center gap-3">
        <h1 className="flex-1 text-base font-semibold">Inbox</h1>
        <Button small kind="ghost" onClick={() => openDialog("settings")}><Icon name="bell" size={14} />Notifications…</Button>
      </div>
      {!board.synced && <div role="status" aria-label="Loading" className="card h-24 animate-pulse" />}
      {board.synced && ids.length === 0 && (
        <Empty icon="inbox" title="Nothing wants you">Approvals, questions and blockers of all pods come here. Agents go on by themselves until then.</Empty>
      )}
      <div className="space-y-3">{shown.map((podId) => <InboxPod key={podId} podId={podId} />)}</div>
      {!all && ids.length > shown.length && <Button className="mt-4" onClick={() => setAll(true)}>Show {Math.min(MOST, ids.length)} of {ids.length}</Button>}
    </div>
  );
}
