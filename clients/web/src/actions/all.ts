import type { Project } from "@gen/podium/tasks/v1/task_pb";
import { isFinished } from "@/lib/words";
import type { Action } from "./action";
import { agentActions, currentAgents } from "./agents";
import { documentActions } from "./documents";
import { reviewActions, wholePodActions } from "./pod";
import { projectActions } from "./projects";
import type { Scope } from "./scope";
import { sessionActions, taskActions } from "./tasks";
import { conversationActions } from "./threads";
import { newWorkstream, workstreamActions } from "./workstreams";

export interface Known {
  profiles: readonly string[];
  projects: readonly Project[];
  projectsChanged: () => unknown;
}

/** Everything that can be done now, from what is nearest to what is farthest: what the command palette offers. */
export function actionsFor(scope: Scope, known: Known): Action[] {
  return [...podPart(scope, known.profiles), ...panesPart(scope, known)];
}

function podPart({ pod }: Scope, profiles: readonly string[]): Action[] {
  if (!pod) return [];
  if (isFinished(pod.phase)) return wholePodActions(pod, profiles);
  return [
    ...documentActions(pod, "spec"),
    ...documentActions(pod, "plan"),
    ...reviewActions(pod),
    ...conversationActions(pod),
    ...newWorkstream(pod),
    ...pod.workstreams.flatMap((each) => workstreamActions(pod, each)),
    ...currentAgents(pod).flatMap((each) => agentActions(pod, each)),
    ...wholePodActions(pod, profiles),
  ];
}

function panesPart({ store, taskId, sessionId }: Scope, { profiles, projects, projectsChanged }: Known): Action[] {
  if (!store) return [];
  const project = projects.find((each) => each.id === store.projectId);
  const task = taskId ? store.state.tasks.get(taskId)?.value : undefined;
  const session = sessionId ? store.state.sessions.get(sessionId)?.value : undefined;
  return [
    ...(session ? sessionActions(store, session) : []),
    ...(task ? taskActions(store, task, project, profiles) : []),
    ...(project ? projectActions(project, projectsChanged) : []),
  ];
}
