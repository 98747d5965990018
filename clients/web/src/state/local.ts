/** What this browser alone knows: open terminals, the active one, and which Maestro session each is. Nothing else is kept. */
export interface Terminal {
  id: string;
  projectId: string;
  /** Its Maestro session. */
  sessionId: string;
}

export interface LocalState {
  terminals: readonly Terminal[];
  activeTerminalId: string | null;
}

const KEY = "podium.terminals";

export const emptyLocal: LocalState = { terminals: [], activeTerminalId: null };

export function read(storage: Pick<Storage, "getItem">): LocalState {
  try {
    const value = JSON.parse(storage.getItem(KEY) ?? "null") as Partial<LocalState> | null;
    const terminals = (value?.terminals ?? []).filter((each) => each.id && each.projectId && each.sessionId);
    return { terminals, activeTerminalId: value?.activeTerminalId ?? null };
  } catch {
    return emptyLocal;
  }
}

export function write(storage: Pick<Storage, "setItem">, state: LocalState): void {
  try {
    storage.setItem(KEY, JSON.stringify(state));
  } catch {
    // Full or forbidden: the page works, it only forgets its terminals when it closes.
  }
}

export function open(state: LocalState, terminal: Terminal): LocalState {
  const terminals = state.terminals.some((each) => each.id === terminal.id) ? state.terminals : [...state.terminals, terminal];
  return { terminals, activeTerminalId: terminal.id };
}

export function activate(state: LocalState, id: string | null): LocalState {
  return state.activeTerminalId === id ? state : { ...state, activeTerminalId: id };
}

export function close(state: LocalState, id: string): LocalState {
  const terminals = state.terminals.filter((each) => each.id !== id);
  const activeTerminalId = state.activeTerminalId === id ? (terminals.at(-1)?.id ?? null) : state.activeTerminalId;
  return { terminals, activeTerminalId };
}

/** The session is gone, here or elsewhere: so is its terminal. */
export function forgetSession(state: LocalState, sessionId: string): LocalState {
  return state.terminals.filter((each) => each.sessionId === sessionId).reduce((kept, each) => close(kept, each.id), state);
}
