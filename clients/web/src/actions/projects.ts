import type { Project } from "@gen/podium/tasks/v1/task_pb";
import { maestro } from "@/api/clients";
import { newRequestId } from "@/api/requestId";
import { go } from "@/app/go";
import { ask } from "@/ui/form";
import type { Action } from "./action";

/** What can be done to one project; `changed` is told when the list is another. */
export function projectActions(project: Project, changed: () => unknown): Action[] {
  const ids = () => ({ projectId: project.id, requestId: newRequestId() });
  return [
    { id: `project-edit-${project.id}`, rpc: "MaestroService.UpdateProject", text: `Rename project ${project.name}…`, icon: "edit", run: () => ask({
      title: "Rename the project", description: project.repository, verb: "Rename", fields: [{ kind: "line", name: "name", label: "Name", required: true, initial: project.name }],
      act: async ({ name = "" }) => {
        await maestro.updateProject({ ...ids(), name: name.trim(), updateMask: { paths: ["name"] } });
        await changed();
      },
    }) },
    { id: `project-delete-${project.id}`, rpc: "MaestroService.DeleteProject", text: `Remove project ${project.name}…`, icon: "trash", danger: true, run: () => ask({
      title: `Remove ${project.name}?`, verb: "Remove the project", danger: true, fields: [],
      description: "Its tasks and sessions leave the board; the repository is not touched. Refused while it has unfinished pods.",
      act: async () => {
        await maestro.deleteProject(ids());
        go({ to: "/" });
        await changed();
      },
    }) },
  ];
}
