import { useState, type FormEvent } from "react";
import { Button } from "@/ui/Button";
import { Modal } from "@/ui/Modal";
import { useAction } from "@/ui/useAction";

interface Props {
  open: boolean;
  onClose: () => void;
  title: string;
  description: string;
  verb: string;
  placeholder: string;
  act: (text: string) => Promise<unknown>;
  required?: boolean;
  danger?: boolean;
}

/** Asks for words before something is done. */
export function ReasonModal({ open, onClose, title, description, verb, placeholder, act, required = false, danger = false }: Props) {
  const [text, setText] = useState("");
  const [busy, run] = useAction();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await run(() => act(text.trim()))) {
      setText("");
      onClose();
    }
  };
  return (
    <Modal open={open} onClose={onClose} title={title} description={description}>
      <form onSubmit={submit} className="space-y-4">
        <textarea autoFocus aria-label={placeholder} rows={4} className="field" placeholder={placeholder} value={text} onChange={(event) => setText(event.target.value)} />
        <div className="flex justify-end gap-2">
          <Button kind="ghost" onClick={onClose}>Back</Button>
          <Button kind={danger ? "danger" : "primary"} type="submit" disabled={busy || (required && !text.trim())}>{verb}</Button>
        </div>
      </form>
    </Modal>
  );
}
