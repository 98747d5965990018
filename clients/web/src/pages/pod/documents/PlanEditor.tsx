import { useState, type FormEvent } from "react";
import type { Plan } from "@gen/podium/pods/v1/pod_pb";
import { Button } from "@/ui/Button";
import { Icon } from "@/ui/Icon";
import { IconButton } from "@/ui/IconButton";
import { useAction } from "@/ui/useAction";
import { usePodView } from "../PodContext";

interface Draft {
  id: string;
  title: string;
  description: string;
  dependencies: string;
  priority: number;
  profile: string;
}

/** The plan as a form: summary, then one block for each workstream. Cycles and unknown ids are refused by the server. */
export function PlanEditor({ plan, onClose }: { plan: Plan; onClose: () => void }) {
  const { actions } = usePodView();
  const [summary, setSummary] = useState(plan.summary);
  const [items, setItems] = useState<Draft[]>(plan.items.map((item) => ({ ...item, dependencies: item.dependencies.join(", ") })));
  const [busy, run] = useAction();
  const change = (index: number, part: Partial<Draft>) => setItems(items.map((item, at) => (at === index ? { ...item, ...part } : item)));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const wanted = items.map(({ id, title, description, dependencies, priority, profile }) => ({
      id, title, description, priority, profile, dependencies: dependencies.split(/[,\s]+/).filter(Boolean),
    }));
    if (await run(() => actions.updatePlan(summary, wanted), "Saved as a new version")) onClose();
  };
  return (
    <form onSubmit={submit} className="mx-auto max-w-4xl space-y-3">
      <div className="flex justify-end gap-2">
        <Button kind="ghost" onClick={onClose}>Discard</Button>
        <Button kind="primary" type="submit" disabled={busy || items.length === 0}>Save as new version</Button>
      </div>
      <label className="label" htmlFor="plan-summary">Summary</label>
      <textarea id="plan-summary" rows={5} className="field font-mono" value={summary} onChange={(event) => setSummary(event.target.value)} />
      {items.map((item, index) => (
        <fieldset key={index} className="card space-y-2 p-4">
          <legend className="sr-only">Workstream {index + 1}</legend>
          <div className="grid gap-2 @xl:grid-cols-[1fr_2fr_1fr_auto]">
            <input aria-label="Id" required pattern="[a-z0-9][a-z0-9\-]{0,62}" className="field font-mono" placeholder="id" value={item.id} onChange={(event) => change(index, { id: event.target.value })} />
            <input aria-label="Title" required className="field" placeholder="Title" value={item.title} onChange={(event) => change(index, { title: event.target.value })} />
            <input aria-label="After" className="field font-mono" placeholder="after: id, id" value={item.dependencies} onChange={(event) => change(index, { dependencies: event.target.value })} />
            <IconButton icon="x" label={`Remove ${item.title || "this workstream"}`} onClick={() => setItems(items.filter((_, at) => at !== index))} />
          </div>
          <textarea aria-label="What the agent is to do" rows={4} className="field font-mono" value={item.description} onChange={(event) => change(index, { description: event.target.value })} />
        </fieldset>
      ))}
      <Button onClick={() => setItems([...items, { id: "", title: "", description: "", dependencies: "", priority: 2, profile: "" }])}><Icon name="plus" size={14} />Workstream</Button>
    </form>
  );
}
