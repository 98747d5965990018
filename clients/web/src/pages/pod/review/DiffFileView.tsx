import { memo, useState } from "react";
import { Chip } from "@/ui/Chip";
import { Icon } from "@/ui/Icon";
import type { Comment } from "./comments";
import { CommentForm } from "./CommentForm";
import type { DiffFile, DiffLine } from "./parseDiff";

interface Props {
  file: DiffFile;
  comments: readonly Comment[];
  onComment: ((line: DiffLine, path: string, text: string) => void) | null;
  onRemove: (id: string) => void;
}

const OPEN_LIMIT = 400;
const COLOURS: Record<DiffLine["kind"], string> = { add: "bg-good-soft", del: "bg-bad-soft", same: "", hunk: "bg-sunken text-faint", note: "text-faint" };
const SIGNS: Record<DiffLine["kind"], string> = { add: "+", del: "-", same: " ", hunk: "", note: "" };

export const DiffFileView = memo(function DiffFileView({ file, comments, onComment, onRemove }: Props) {
  const [open, setOpen] = useState(file.lines.length <= OPEN_LIMIT);
  const [at, setAt] = useState<number | null>(null);
  return (
    <section aria-label={file.path} className="card overflow-hidden">
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="flex w-full items-center gap-2 border-b border-line px-3 py-2 text-left hover:bg-sunken">
        <Icon name="chevron" size={14} className={open ? "rotate-90" : ""} />
        <code className="min-w-0 flex-1 truncate font-mono text-xs font-semibold">{file.path}</code>
        {file.status !== "changed" && <Chip tone={file.status === "deleted" ? "bad" : "good"}>{file.status}</Chip>}
        <span className="text-good">+{file.insertions}</span><span className="text-bad">−{file.deletions}</span>
      </button>
      {open && file.binary && <p className="p-4 text-faint">A binary file.</p>}
      {open && (
        <div tabIndex={0} role="region" aria-label={`Changes in ${file.path}`} className="overflow-x-auto">
          <table className="w-full border-collapse font-mono text-xs leading-5">
            <tbody>
              {file.lines.map((line, index) => {
                const mine = comments.filter((comment) => comment.line === (line.after || line.before) && comment.quoted === line.text);
                return (
                  <Row key={index} line={line} commentable={onComment !== null} onPick={() => setAt(index)}>
                    {mine.map((comment) => (
                      <div key={comment.id} className="m-2 flex max-w-2xl items-start gap-2 rounded-lg border border-accent/40 bg-accent-soft p-2 font-sans text-[13px] whitespace-normal">
                        <span className="flex-1">{comment.text}</span>
                        <button type="button" aria-label="Remove the comment" onClick={() => onRemove(comment.id)}><Icon name="x" size={14} /></button>
                      </div>
                    ))}
                    {at === index && onComment && <CommentForm onClose={() => setAt(null)} onSave={(text) => { onComment(line, file.path, text); setAt(null); }} />}
                  </Row>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
});

function Row({ line, commentable, onPick, children }: { line: DiffLine; commentable: boolean; onPick: () => void; children: React.ReactNode }) {
  const number = line.after || line.before;
  const extra = Array.isArray(children) && children.some((child) => (Array.isArray(child) ? child.length > 0 : Boolean(child)));
  return (
    <>
      <tr className={`group ${COLOURS[line.kind]}`}>
        <td className="w-10 px-2 text-right text-faint select-none">{line.before || ""}</td>
        <td className="w-10 px-2 text-right text-faint select-none">{line.after || ""}</td>
        <td className="w-6 text-center select-none">
          {commentable && number > 0 ? (
            <button type="button" aria-label={`Comment on line ${number}`} onClick={onPick} className="rounded px-1 hover:bg-accent hover:text-accent-ink focus-visible:bg-accent focus-visible:text-accent-ink">
              <span className="group-hover:hidden">{SIGNS[line.kind] === " " ? "\u00a0" : SIGNS[line.kind]}</span><span className="hidden group-hover:inline">＋</span>
            </button>
          ) : SIGNS[line.kind]}
        </td>
        <td className="pr-4 whitespace-pre">{line.text || " "}</td>
      </tr>
      {extra && <tr><td colSpan={4}>{children}</td></tr>}
    </>
  );
}
