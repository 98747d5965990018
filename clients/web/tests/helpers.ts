import { create } from "@bufbuild/protobuf";
import { ProjectChangeSchema } from "@gen/podium/tasks/v1/maestro_service_pb";
import { SessionSchema, TaskSchema, type Session, type Task } from "@gen/podium/tasks/v1/task_pb";

export const task = (id: string, sessionIds: string[] = [], title = id): Task =>
  create(TaskSchema, { id, number: BigInt(id.replace(/\D/g, "") || 1), title, sessionIds, sessionCount: sessionIds.length });

export const session = (id: string, taskIds: string[] = []): Session => create(SessionSchema, { id, name: id, taskIds });

export const change = (to: number, parts: { tasks?: Task[]; sessions?: Session[]; removedTasks?: string[]; removedSessions?: string[] }) =>
  ({ ...create(ProjectChangeSchema, { toRevision: BigInt(to), fromRevision: BigInt(to - 1) }), ...parts, from: to - 1, to, requestIds: [] as string[] });

/** Numbers from 0 to below `limit`, the same for a seed (mulberry32). */
export function dice(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
