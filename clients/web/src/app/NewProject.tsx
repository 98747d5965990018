import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { projects } from "@/api/queries";
import { Button } from "@/ui/Button";
import { Modal } from "@/ui/Modal";
import { useAction } from "@/ui/useAction";
import { ensureProject } from "./createPod";

export function NewProject({ open, onClose }: { open: boolean; onClose: () => void }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [repository, setRepository] = useState("");
  const [busy, run] = useAction();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      const project = await ensureProject(repository);
      await queries.invalidateQueries({ queryKey: projects.queryKey });
      onClose();
      await navigate({ to: "/project/$projectId", params: { projectId: project.id } });
    });
  };
  return (
    <Modal open={open} onClose={onClose} title="Add a project" description="A project is a git repository on the machine where Podium runs, or its URL.">
      <form onSubmit={submit} className="space-y-4">
        <label className="label" htmlFor="project-repository">Repository</label>
        <input id="project-repository" required autoFocus className="field font-mono" value={repository} placeholder="/home/you/project" onChange={(event) => setRepository(event.target.value)} />
        <div className="flex justify-end gap-2">
          <Button kind="ghost" onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={busy || !repository.trim()}>Add</Button>
        </div>
      </form>
    </Modal>
  );
}
