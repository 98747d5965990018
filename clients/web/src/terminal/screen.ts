import { FitAddon } from "@xterm/addon-fit";
import { Terminal, type ITerminalOptions } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";

const THEME = {
  background: "#101116", foreground: "#dcdde6", cursor: "#dcdde6", selectionBackground: "#3a3b6e",
  black: "#3b3c48", red: "#fb8b8b", green: "#5fd68b", yellow: "#f3bd55", blue: "#84adff", magenta: "#c8a4ff", cyan: "#6fd6e0", white: "#dcdde6", brightBlack: "#9a9baa",
};

export const BACKDROP = "bg-[#101116]";

/** A terminal's picture, made once and put wherever it is to be seen. */
export class Screen {
  readonly element = document.createElement("div");
  readonly terminal: Terminal;
  private readonly fitting = new FitAddon();
  private opened = false;

  constructor(options: ITerminalOptions) {
    this.element.className = "h-full w-full";
    this.terminal = new Terminal({
      fontSize: 12, lineHeight: 1.35, scrollback: 20_000, theme: THEME, minimumContrastRatio: 4.5,
      fontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace', ...options,
    });
    this.terminal.loadAddon(this.fitting);
  }

  /** Puts it into a place; the function returned takes it out and keeps it. */
  show(place: HTMLElement, onRoom?: () => void): () => void {
    place.append(this.element);
    if (!this.opened) this.terminal.open(this.element);
    this.opened = true;
    const observer = new ResizeObserver(() => onRoom?.());
    observer.observe(place);
    onRoom?.();
    return () => {
      observer.disconnect();
      this.element.remove();
    };
  }

  /** How many lines and characters fit; null while it has no room. */
  room(): { rows: number; columns: number } | null {
    const found = this.element.isConnected ? this.fitting.proposeDimensions() : undefined;
    if (!found || !Number.isFinite(found.rows) || !Number.isFinite(found.cols) || found.rows < 2 || found.cols < 10) return null;
    return { rows: Math.min(found.rows, 1000), columns: Math.min(found.cols, 1000) };
  }

  fit(): void {
    const room = this.room();
    if (room) this.terminal.resize(room.columns, room.rows);
  }

  dispose(): void {
    this.terminal.dispose();
    this.element.remove();
  }
}

export const dim = (text: string) => `\x1b[90m${text}\x1b[0m`;
