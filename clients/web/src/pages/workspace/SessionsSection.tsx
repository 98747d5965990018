import { useMemo } from "react";
import { num } from "@/lib/numbers";
import { SESSIONS } from "@/store/project";
import type { ProjectStore } from "@/store/projectStore";
import { useKey, useShown } from "@/store/useProject";
import { useLocal } from "@/state/useLocal";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { Notice } from "@/ui/Notice";
import { SessionItem } from "./SessionItem";

const SHOWN = 200;

/** The sessions: the open terminals of this browser first, then all others, newest first. */
export function SessionsSection({ store, chosen }: { store: ProjectStore; chosen: string }) {
  useShown(store, SESSIONS);
  const state = useKey(store, SESSIONS);
  const { terminals } = useLocal();
  const mine = useMemo(() => new Set(terminals.filter((each) => each.projectId === store.projectId).map((each) => each.sessionId)), [terminals, store]);
  const ids = [...state.sessions.values()].sort((a, b) => num(b.value.number) - num(a.value.number)).map(({ value }) => value.id);
  const own = ids.filter((id) => mine.has(id));
  const others = ids.filter((id) => !mine.has(id));
  const error = state.errors.get(SESSIONS);
  return (
    <section aria-label="Sessions" data-rows className="p-2">
      {error && <Notice tone="bad" action={<Button small onClick={() => void store.load(SESSIONS, { force: true })}>Try again</Button>}>{error}</Notice>}
      <h2 className="px-1 pt-1 pb-1.5 font-semibold">Terminals <span className="font-normal text-faint">{own.length || ""}</span></h2>
      {own.length === 0 && <p className="px-1 pb-2 text-faint">“Work on task” opens one.</p>}
      <ul>{own.map((id) => <li key={id}><SessionItem store={store} sessionId={id} chosen={id === chosen} terminal /></li>)}</ul>
      <h2 className="px-1 pt-3 pb-1.5 font-semibold">Sessions <span className="font-normal text-faint">{others.length || ""}</span></h2>
      {state.fetched.has(SESSIONS) && ids.length === 0 && <Empty icon="terminal" title="No sessions">Each run of an agent is a session; so is each terminal of yours.</Empty>}
      {!state.fetched.has(SESSIONS) && state.loading.has(SESSIONS) && <p role="status" className="px-1 text-faint">Loading…</p>}
      <ul>{others.slice(0, SHOWN).map((id) => <li key={id}><SessionItem store={store} sessionId={id} chosen={id === chosen} /></li>)}</ul>
      {others.length > SHOWN && <p className="px-1 py-2 text-faint">{others.length - SHOWN} older ones: expand the task that they worked on.</p>}
    </section>
  );
}
