import { useState, type FormEvent } from "react";
import { Button } from "./Button";
import { ask, type Field, type FormSpec } from "./form";
import { Modal } from "./Modal";
import { useAction } from "./useAction";

/** The dialog of a form: closes when what it asks for is done, stays with what was typed where that was refused. */
export default function FormModal({ form }: { form: FormSpec }) {
  const [values, setValues] = useState<Record<string, string>>(() => Object.fromEntries(form.fields.map((field) => [field.name, field.initial ?? ""])));
  const [busy, run] = useAction();
  const close = () => ask(null);
  const missing = form.fields.some((field) => field.required && !values[field.name]?.trim());
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await run(() => form.act(values), form.done)) close();
  };
  return (
    <Modal open onClose={close} title={form.title} description={form.description}>
      <form onSubmit={submit} className="space-y-4" onKeyDown={(event) => { if ((event.metaKey || event.ctrlKey) && event.key === "Enter") event.currentTarget.requestSubmit(); }}>
        <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
          {form.fields.map((field, index) => (
            <Input key={field.name} field={field} first={index === 0} alone={form.fields.length === 1} value={values[field.name] ?? ""} onChange={(value) => setValues({ ...values, [field.name]: value })} />
          ))}
        </div>
        <div className="flex justify-end gap-2 pt-1">
          <Button kind="ghost" onClick={close}>Back</Button>
          <Button kind={form.danger ? "danger" : "primary"} type="submit" disabled={busy || missing} autoFocus={form.fields.length === 0}>{form.verb}</Button>
        </div>
      </form>
    </Modal>
  );
}

interface InputProps {
  field: Field;
  value: string;
  first: boolean;
  alone: boolean;
  onChange: (value: string) => void;
}

function Input({ field, value, first, alone, onChange }: InputProps) {
  const id = `form-${field.name}`;
  if (field.kind === "box") {
    return (
      <label className="flex cursor-pointer items-start gap-2.5 self-end py-1.5">
        <input type="checkbox" className="mt-0.5 accent-(--accent)" autoFocus={first} checked={value === "yes"} onChange={(event) => onChange(event.target.checked ? "yes" : "")} />
        <span><span className="font-medium">{field.label}</span>{field.hint && <span className="block text-faint">{field.hint}</span>}</span>
      </label>
    );
  }
  const wide = field.kind === "text" || alone ? "sm:col-span-2" : "";
  const shared = { id, autoFocus: first, required: field.required, value, "aria-describedby": field.hint ? `${id}-hint` : undefined };
  return (
    <div className={wide}>
      <label className="label" htmlFor={id}>{field.label}</label>
      {field.kind === "text" && <textarea {...shared} rows={field.rows ?? 4} placeholder={field.placeholder} className={`field resize-y ${field.mono ? "font-mono text-xs" : ""}`} onChange={(event) => onChange(event.target.value)} />}
      {field.kind === "line" && <input {...shared} pattern={field.pattern} placeholder={field.placeholder} className={`field ${field.mono ? "font-mono" : ""}`} onChange={(event) => onChange(event.target.value)} />}
      {field.kind === "number" && (
        <span className="flex items-center gap-2">
          <input {...shared} type="number" min={field.min ?? 0} max={field.max} step={field.step ?? 1} className="field" onChange={(event) => onChange(event.target.value)} />
          {field.unit && <span className="text-faint whitespace-nowrap">{field.unit}</span>}
        </span>
      )}
      {field.kind === "choice" && (
        <select {...shared} className="field" onChange={(event) => onChange(event.target.value)}>
          {field.options.map(([each, text]) => <option key={each} value={each}>{text}</option>)}
        </select>
      )}
      {field.hint && <p id={`${id}-hint`} className="mt-1 text-faint">{field.hint}</p>}
    </div>
  );
}
