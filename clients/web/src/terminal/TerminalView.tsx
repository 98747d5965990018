import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { useConnection } from "@/stream/watcher";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import type { Tone } from "@/lib/words";
import type { LinkState } from "./link";
import { terminalOf } from "./living";
import { BACKDROP } from "./screen";

interface Props {
  projectId: string;
  sessionId: string;
  /** Look at it only, until the input is taken over. */
  readOnly?: boolean;
  className?: string;
}

/** A terminal to type into. */
export default function TerminalView({ projectId, sessionId, readOnly = false, className = "" }: Props) {
  const living = useMemo(() => terminalOf(projectId, sessionId, readOnly), [projectId, sessionId, readOnly]);
  const { link, screen } = living;
  const place = useRef<HTMLDivElement>(null);
  const state = useSyncExternalStore(link.subscribe, () => link.state);
  const connection = useConnection();
  useEffect(() => {
    if (!place.current) return undefined;
    living.shown += 1;
    link.attach();
    const hide = screen.show(place.current, () => {
      const room = screen.room();
      if (room) link.resize(room.rows, room.columns);
    });
    if (link.state.writes) screen.terminal.focus();
    return () => {
      living.shown -= 1;
      hide();
    };
  }, [living, link, screen]);
  useEffect(() => {
    if (state.writes) screen.terminal.focus();
  }, [state.writes, screen]);
  const [tone, text] = say(state, connection === "connected" || connection === "interrupted");
  return (
    <section aria-label="Terminal" data-testid="terminal" data-phase={state.phase} data-writes={state.writes} data-size={`${state.columns}x${state.rows}`} className={`flex min-h-0 flex-col ${className}`}>
      <div data-terminal-bar className="flex min-h-9 flex-wrap items-center gap-2 border-b border-line bg-surface px-3 py-1">
        <Chip tone={tone} dot>{text}</Chip>
        <span className="min-w-0 flex-1 truncate text-faint">
          {state.error || state.exit || (state.phase === "running" && !state.writes ? "You are looking on." : "")}
        </span>
        {state.columns > 0 && <span className="text-[11px] text-faint" title="Characters and lines">{state.columns}×{state.rows}</span>}
        {state.phase === "running" && !state.writes && <Button small onClick={() => link.takeInput()}>Take over the input</Button>}
      </div>
      <div className={`min-h-0 flex-1 overflow-auto p-2 ${BACKDROP}`}><div ref={place} className="h-full w-full" /></div>
    </section>
  );
}

function say(state: LinkState, connected: boolean): [Tone, string] {
  if (state.phase === "ended") return [state.error ? "bad" : "muted", state.error ? "Not to be had" : "Ended"];
  if (!connected) return ["wait", "Reconnecting"];
  if (state.phase === "away") return ["wait", "Its runner is away"];
  if (state.phase === "connecting") return ["neutral", "Waits for its runner"];
  return ["good", "Live"];
}
