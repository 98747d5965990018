import type { Project } from "@gen/podium/tasks/v1/task_pb";
import { maestro, pods } from "@/api/clients";
import { reasonOf } from "@/api/errors";
import { isUrl, projectIdOf, titleOf } from "@/api/repository";
import { newRequestId } from "@/api/requestId";

export interface Order {
  text: string;
  project: Project | null;
  repository: string;
  profile: string;
  quick: boolean;
}

/** Project (where it is new), task, pod: from words to an open pod. The pod's id. */
export async function createPod(order: Order): Promise<string> {
  const project = order.project ?? (await ensureProject(order.repository));
  const { task } = await maestro.createTask({ projectId: project.id, requestId: newRequestId(), title: titleOf(order.text), prompt: order.text });
  if (!task) throw new Error("Maestro made no task");
  await openPod(task, project.repository, order);
  return task.id;
}

export async function openPod(
  task: { id: string; number: bigint; title: string; projectId: string },
  repository: string,
  order: { text: string; profile: string; quick: boolean },
): Promise<void> {
  await pods.openPod({
    podId: task.id,
    requestId: newRequestId(),
    projectId: task.projectId,
    number: task.number,
    title: task.title || titleOf(order.text),
    request: order.text,
    repository,
    quick: order.quick,
    policy: { profiles: [{ profile: order.profile }] },
  });
}

export async function ensureProject(location: string): Promise<Pick<Project, "id" | "repository">> {
  const trimmed = location.trim();
  const repository = isUrl(trimmed) ? trimmed : trimmed.replace(/\/+$/, "");
  const id = await projectIdOf(repository);
  try {
    await maestro.createProject({ projectId: id, requestId: newRequestId(), repository });
  } catch (error) {
    if (reasonOf(error) !== "PROJECT_ALREADY_EXISTS") throw error;
  }
  return { id, repository };
}
