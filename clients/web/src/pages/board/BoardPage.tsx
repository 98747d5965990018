import { useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import { openDialog } from "@/app/dialogs";
import { LAYOUT, TOTALS } from "@/store/board";
import { useBoardKey } from "@/store/boardStore";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { arrange, COLUMNS } from "./filter";
import { BoardColumn } from "./BoardColumn";
import { BoardFilter } from "./BoardFilter";

export function BoardPage() {
  const { project = "" } = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const [text, setText] = useState("");
  const [attentionOnly, setAttentionOnly] = useState(false);
  const wanted = useDeferredValue(text);
  useBoardKey(TOTALS);
  const board = useBoardKey(LAYOUT);
  const columns = arrange(board.pods.values(), { text: wanted, projectId: project, attentionOnly });
  const shown = [...columns.values()].reduce((sum, ids) => sum + ids.length, 0);
  return (
    <div className="flex h-full flex-col">
      <div className="flex flex-wrap items-center gap-2 px-4 pt-3 pb-2">
        <h1 className="mr-2 text-base font-semibold">Board</h1>
        <BoardFilter text={text} onText={setText} attentionOnly={attentionOnly} onAttentionOnly={setAttentionOnly}
          project={project} onProject={(id) => void navigate({ search: { project: id || undefined } })} />
      </div>
      {board.pods.size === 0 && board.synced ? (
        <Empty icon="board" title="Nothing under way" action={<Button kind="primary" onClick={() => openDialog("task")}>Create the first task</Button>}>
          A task becomes a pod: agents write a spec and a plan, work side by side in branches of their own, and land what you approve.
        </Empty>
      ) : (
        <div role="group" aria-label="Pods by phase" data-rows className="flex min-h-0 flex-1 snap-x scroll-px-4 gap-2.5 overflow-x-auto px-4 pb-4" data-testid="board" data-count={shown}>
          {COLUMNS.map(({ phase, title }) => (
            <BoardColumn key={phase} title={title} ids={columns.get(phase) ?? []} loading={!board.synced} filtered={Boolean(wanted || project || attentionOnly)} />
          ))}
        </div>
      )}
    </div>
  );
}
