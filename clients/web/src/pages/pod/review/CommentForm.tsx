import { useState, type FormEvent } from "react";
import { Button } from "@/ui/Button";

export function CommentForm({ onSave, onClose }: { onSave: (text: string) => void; onClose: () => void }) {
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave(text.trim());
  };
  return (
    <form onSubmit={submit} onKeyDown={(event) => event.key === "Escape" && onClose()} className="m-2 max-w-2xl space-y-2 font-sans text-[13px]">
      <textarea autoFocus aria-label="Comment" rows={2} className="field" placeholder="What should be different here?" value={text} onChange={(event) => setText(event.target.value)} />
      <div className="flex gap-2">
        <Button small kind="primary" type="submit" disabled={!text.trim()}>Add comment</Button>
        <Button small kind="ghost" onClick={onClose}>Cancel</Button>
      </div>
    </form>
  );
}
