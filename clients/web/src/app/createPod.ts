import type { Project, Task } from "@gen/podium/tasks/v1/task_pb";
import { maestro, pods } from "@/api/clients";
import { reasonOf } from "@/api/errors";
import { isUrl, projectIdOf, titleOf } from "@/api/repository";
import { newRequestId } from "@/api/requestId";

type Place = Pick<Project, "id" | "repository">;

export interface Order {
  text: string;
  project: Place | null;
  repository: string;
  profile: string;
  quick: boolean;
}

/** Project (where it is new), then the task. */
export async function createTask(order: Pick<Order, "text" | "project" | "repository">): Promise<Task> {
  const project = await projectOf(order);
  const { task } = await maestro.createTask({ projectId: project.id, requestId: newRequestId(), title: titleOf(order.text), prompt: order.text });
  if (!task) throw new Error("Maestro made no task");
  return task;
}

/** From words to an open pod, which has its task's id. */
export async function createPod(order: Order): Promise<Task> {
  const project = await projectOf(order);
  const task = await createTask({ ...order, project });
  await openPod(task, project.repository, order);
  return task;
}

const projectOf = async ({ project, repository }: Pick<Order, "project" | "repository">): Promise<Place> => project ?? (await ensureProject(repository));

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

export async function ensureProject(location: string): Promise<Place> {
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
