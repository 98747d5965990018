import { useState, type FormEvent } from "react";
import { Button } from "@/ui/Button";
import { Markdown } from "@/ui/Markdown";
import { useAction } from "@/ui/useAction";

/** Markdown on the left, as it will look on the right. */
export function DocumentEditor({ label, initial, onClose, save }: { label: string; initial: string; onClose: () => void; save: (text: string) => Promise<unknown> }) {
  const [text, setText] = useState(initial);
  const [busy, run] = useAction();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await run(() => save(text), "Saved as a new version")) onClose();
  };
  return (
    <form onSubmit={submit} className="space-y-3" onKeyDown={(event) => { if ((event.metaKey || event.ctrlKey) && event.key === "s") { event.preventDefault(); event.currentTarget.requestSubmit(); } }}>
      <div className="flex justify-end gap-2">
        <Button kind="ghost" onClick={onClose}>Discard</Button>
        <Button kind="primary" type="submit" disabled={busy || !text.trim() || text === initial}>Save as new version</Button>
      </div>
      <div className="grid gap-3 @3xl:grid-cols-2">
        <textarea aria-label={label} autoFocus spellCheck className="field min-h-[60vh] resize-y font-mono leading-relaxed" value={text} onChange={(event) => setText(event.target.value)} />
        <div role="region" aria-label="Preview" tabIndex={0} className="card max-h-[70vh] overflow-y-auto px-6 py-5"><Markdown>{text}</Markdown></div>
      </div>
    </form>
  );
}
