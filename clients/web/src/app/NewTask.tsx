import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { profiles, projects } from "@/api/queries";
import { Button } from "@/ui/Button";
import { Modal } from "@/ui/Modal";
import { Notice } from "@/ui/Notice";
import { useAction } from "@/ui/useAction";
import { createPod, createTask } from "./createPod";

const OTHER = "other";

export function NewTask({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Modal open={open} onClose={onClose} title="New task" description="Say what you want. Agents write a spec and a plan first; you approve both.">
      <Form onDone={onClose} />
    </Modal>
  );
}

function Form({ onDone }: { onDone: () => void }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const params = useParams({ strict: false }) as { projectId?: string };
  const { data: known = [] } = useQuery(projects);
  const { data: agents, isPending, isFetching, refetch } = useQuery(profiles);
  const [text, setText] = useState("");
  const [place, setPlace] = useState("");
  const [repository, setRepository] = useState("");
  const [profile, setProfile] = useState("");
  const [mode, setMode] = useState("full");
  const [busy, run] = useAction();
  const projectId = place || params.projectId || known[0]?.id || OTHER;
  const agent = profile || agents?.[0] || "";
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    await run(async () => {
      const project = known.find((each) => each.id === projectId) ?? null;
      const order = { text, project, repository, profile: agent, quick: mode === "quick" };
      const task = mode === "keep" ? await createTask(order) : await createPod(order);
      await queries.invalidateQueries({ queryKey: projects.queryKey });
      onDone();
      if (mode === "keep") await navigate({ to: "/project/$projectId", params: { projectId: task.projectId }, search: { task: task.id } });
      else await navigate({ to: "/pod/$podId", params: { podId: task.id } });
    });
  };
  return (
    <form onSubmit={submit} className="space-y-4" onKeyDown={(event) => { if ((event.metaKey || event.ctrlKey) && event.key === "Enter") event.currentTarget.requestSubmit(); }}>
      <div>
        <label className="label" htmlFor="task-text">What is to be done?</label>
        <textarea id="task-text" required autoFocus rows={6} className="field resize-y" value={text} onChange={(event) => setText(event.target.value)}
          placeholder={"Round prices exactly to the cent\n\nThe first line is the title. Then whatever an engineer new to this would need to know."} />
      </div>
      <div className="grid gap-4 sm:grid-cols-2">
        <div>
          <label className="label" htmlFor="task-project">Project</label>
          <select id="task-project" className="field" value={projectId} onChange={(event) => setPlace(event.target.value)}>
            {known.map((project) => <option key={project.id} value={project.id}>{project.name}</option>)}
            <option value={OTHER}>Another repository…</option>
          </select>
        </div>
        <div>
          <label className="label" htmlFor="task-agent">Agent</label>
          <select id="task-agent" className="field" value={agent} onChange={(event) => setProfile(event.target.value)} disabled={!agents?.length}>
            {agents?.map((name) => <option key={name}>{name}</option>)}
          </select>
        </div>
      </div>
      {projectId === OTHER && (
        <div>
          <label className="label" htmlFor="task-repository">Repository</label>
          <input id="task-repository" required className="field font-mono" value={repository} onChange={(event) => setRepository(event.target.value)} placeholder="/home/you/project or git@host:you/project.git" />
          <p className="mt-1 text-faint">The path of a git repository on the machine where Podium runs, or a URL.</p>
        </div>
      )}
      <fieldset className="grid gap-2 sm:grid-cols-3">
        <legend className="label">How</legend>
        <Mode value="full" mode={mode} onChange={setMode} title="Spec, plan, work" note="You approve each, and the result." />
        <Mode value="quick" mode={mode} onChange={setMode} title="Straight to work" note="One agent; you approve the result." />
        <Mode value="keep" mode={mode} onChange={setMode} title="Only keep it" note="For later, or for a terminal of yours." />
      </fieldset>
      {!isPending && agents?.length === 0 && mode !== "keep" && (
        <Notice tone="wait" action={<Button small disabled={isFetching} onClick={() => void refetch()}>Look again</Button>}>
          No runner offers an agent now. Install a coding agent, then run <code>podium doctor</code>.
        </Notice>
      )}
      <div className="flex justify-end gap-2 pt-1">
        <Button kind="ghost" onClick={onDone}>Cancel</Button>
        <Button kind="primary" type="submit" disabled={busy || (!agent && mode !== "keep") || !text.trim()}>{busy ? "Creating…" : "Create and open"}</Button>
      </div>
    </form>
  );
}

function Mode({ value, mode, onChange, title, note }: { value: string; mode: string; onChange: (mode: string) => void; title: string; note: string }) {
  return (
    <label className={`flex cursor-pointer gap-2.5 rounded-lg border p-3 ${mode === value ? "border-accent bg-accent-soft" : "border-line"}`}>
      <input type="radio" name="mode" value={value} checked={mode === value} onChange={() => onChange(value)} className="mt-1 self-start accent-(--accent)" />
      <span><span className="block font-medium">{title}</span><span className="text-muted">{note}</span></span>
    </label>
  );
}
