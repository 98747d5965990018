import { create } from "@bufbuild/protobuf";
import { expect, it, vi } from "vitest";
import { WatchProjectResponseSchema } from "@gen/podium/tasks/v1/maestro_service_pb";
import type { Task } from "@gen/podium/tasks/v1/task_pb";
import { WatchFailedSchema } from "@gen/podium/web/v1/web_service_pb";
import { TASKS } from "@/store/project";
import { ProjectStore } from "@/store/projectStore";
import type { Multiplexer } from "@/stream/multiplexer";
import type { Target } from "@/stream/target";
import { dice, task } from "./helpers";

vi.mock("@/api/clients", () => ({ web: {}, maestro: {}, pods: {}, eventStore: {} }));
vi.mock("@/stream/watcher", () => ({ watcher: {} }));

type Answer = { tasks: Task[]; nextPageToken: string; revision: bigint };

/** A server's project: what is there, what happened, who waits for a list, and how far the watch has told. */
class Server {
  revision = 1;
  readonly tasks = new Map<string, Task>();
  readonly log: { to: number; tasks: Task[]; removedTasks: string[] }[] = [];
  readonly waiting: { answer: Answer; give: (answer: Answer) => void }[] = [];
  told: number | null = null;

  happen(roll: (limit: number) => number): void {
    this.revision += 1;
    const id = `t${roll(12)}`;
    const removedTasks = this.tasks.delete(id) ? [id] : [];
    const made = removedTasks.length ? [] : [task(id, [], `at ${this.revision}`)];
    made.forEach((each) => this.tasks.set(each.id, each));
    this.log.push({ to: this.revision, tasks: made, removedTasks });
  }

  list(): Promise<Answer> {
    const answer = { tasks: [...this.tasks.values()], nextPageToken: "", revision: BigInt(this.revision) };
    return new Promise((give) => this.waiting.push({ answer, give }));
  }

  answerOne(at: number): void {
    const [next] = this.waiting.splice(at, 1);
    next?.give(next.answer);
  }
}

const item = (value: object) => ({ case: "project", value: create(WatchProjectResponseSchema, { item: value as never }) }) as const;

/** The watch begins where the target asks, or goes on by one change. */
function tell(server: Server, target: Target): void {
  if (server.told === null) {
    const { afterRevision } = target.what().value as { afterRevision?: bigint };
    server.told = afterRevision === undefined ? server.revision : Number(afterRevision);
    target.onItem(item({ case: "bookmark", value: { revision: BigInt(server.told) } }));
    return;
  }
  const next = server.log.find(({ to }) => to > (server.told ?? 0));
  if (!next) return;
  const value = { fromRevision: BigInt(next.to - 1), toRevision: BigInt(next.to), tasks: next.tasks, removedTasks: next.removedTasks };
  target.onItem(item({ case: "change", value }));
  server.told = next.to;
}

/** Lets every promise that can go on do so. */
const settle = async () => {
  for (let turn = 0; turn < 20; turn += 1) await null;
};

it.each(Array.from({ length: 150 }, (_, seed) => seed))("whatever is late, a shown list ends as the server has it (%i)", async (seed) => {
  const roll = dice(seed);
  const server = new Server();
  const store = new ProjectStore("p", { listTasks: () => server.list() } as never, () => 0, 0);
  let target = {} as Target;
  store.watch({ add: (given: Target) => { target = given; return () => undefined; } } as unknown as Multiplexer);
  const again = () => { server.told = null; };
  let hide: (() => void) | null = null;
  for (let step = 0; step < 60; step += 1) {
    const what = roll(20);
    if (what < 7) server.happen(roll);
    else if (what < 13) tell(server, target);
    else if (what < 16) server.answerOne(roll(server.waiting.length || 1));
    else if (what < 17) hide = hide ? (hide(), null) : store.show(TASKS);
    else if (what < 18) server.told = null;
    else if (what < 19 && server.told !== null) target.onFailed?.(create(WatchFailedSchema, { code: 11 }), again);
    await settle();
  }
  hide ??= store.show(TASKS);
  for (let quiet = 0; quiet < 3; quiet += 1) {
    while (server.waiting.length || server.told === null || server.told < server.revision) {
      server.answerOne(0);
      tell(server, target);
      await settle();
    }
    await settle();
  }
  const shown = new Map([...store.state.tasks.values()].map(({ value }) => [value.id, value.title]));
  expect(shown).toEqual(new Map([...server.tasks.values()].map(({ id, title }) => [id, title])));
});
