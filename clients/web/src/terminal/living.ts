import { terminals as calls } from "@/api/clients";
import { openDialog } from "@/app/dialogs";
import { getLocal, subscribeLocal } from "@/state/useLocal";
import { watcher } from "@/stream/watcher";
import { TerminalLink } from "./link";
import { dim, Screen } from "./screen";

/** Terminals that stay attached while they are not looked at; others are attached again, with their scrollback. */
const KEPT = 8;

export interface Living {
  link: TerminalLink;
  screen: Screen;
  shown: number;
}

const living = new Map<string, Living>();

/** The terminal of a session, attached; one of it for the whole page. An agent's is only looked at, until taken over. */
export function terminalOf(projectId: string, sessionId: string, readOnly: boolean): Living {
  const found = living.get(sessionId);
  if (found) {
    // To the end: it was used last.
    living.delete(sessionId);
    living.set(sessionId, found);
    return found;
  }
  const made = make(projectId, sessionId, readOnly);
  living.set(sessionId, made);
  const idle = [...living].filter(([, each]) => each.shown === 0 && each !== made);
  for (const [id] of idle.slice(0, Math.max(0, living.size - KEPT))) drop(id);
  return made;
}

let open = new Set(getLocal().terminals.map((each) => each.sessionId));
subscribeLocal(() => {
  const now = new Set(getLocal().terminals.map((each) => each.sessionId));
  // A terminal that this browser has closed, here or by a change that came.
  for (const id of open) if (!now.has(id)) drop(id);
  open = now;
});

function drop(sessionId: string): void {
  const found = living.get(sessionId);
  if (!found) return;
  living.delete(sessionId);
  found.link.detach();
  found.screen.dispose();
}

function make(projectId: string, sessionId: string, readOnly: boolean): Living {
  const screen = new Screen({ cursorBlink: true });
  const sink = {
    write: (data: Uint8Array, drained: () => void) => screen.terminal.write(data, drained),
    note: (text: string) => screen.terminal.write(dim(`\r\n… ${text}\r\n`)),
  };
  const link = new TerminalLink({ projectId, sessionId }, sink, calls, watcher, readOnly);
  const encoder = new TextEncoder();
  screen.terminal.onData((text) => link.type(encoder.encode(text)));
  screen.terminal.onBinary((text) => link.type(Uint8Array.from(text, (char) => char.charCodeAt(0))));
  screen.terminal.attachCustomKeyEventHandler((event) => ownKey(event, screen));
  link.subscribe(() => follow(link, screen));
  link.attach();
  return { link, screen, shown: 0 };
}

/** The picture has the size of the terminal; the terminal has that of the picture's room where this view types. */
function follow({ state }: TerminalLink, { terminal }: Screen): void {
  terminal.options.disableStdin = !state.writes;
  if (state.rows > 0 && state.columns > 0 && (terminal.rows !== state.rows || terminal.cols !== state.columns)) terminal.resize(state.columns, state.rows);
}

/** Keys that are the page's and not the terminal's: leave it, the palette, copy what is selected, paste. */
function ownKey(event: KeyboardEvent, { terminal }: Screen): boolean {
  if (event.type !== "keydown") return true;
  const control = event.ctrlKey && !event.altKey && !event.metaKey;
  const key = event.key.toLowerCase();
  if (event.key === "F6") {
    event.preventDefault();
    terminal.blur();
    document.querySelector<HTMLElement>("[data-terminal-bar] button")?.focus();
    return false;
  }
  if (control && event.shiftKey && key === "k") {
    event.preventDefault();
    openDialog("palette");
    return false;
  }
  if (control && !event.shiftKey && key === "c" && terminal.hasSelection()) {
    void navigator.clipboard?.writeText(terminal.getSelection());
    terminal.clearSelection();
    return false;
  }
  return !(control && key === "v");
}
