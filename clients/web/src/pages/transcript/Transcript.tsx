import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranscript } from "./useTranscript";

const THEME = {
  background: "#101116", foreground: "#dcdde6", cursor: "#101116", selectionBackground: "#3a3b6e",
  black: "#3b3c48", red: "#fb8b8b", green: "#5fd68b", yellow: "#f3bd55", blue: "#84adff", magenta: "#c8a4ff", cyan: "#6fd6e0", white: "#dcdde6", brightBlack: "#9a9baa",
};

/** What an agent wrote and was told, as a terminal shows it; follows it while it lives. */
export default function Transcript({ sessionId, live }: { sessionId: string; live: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const terminal = useRef<Terminal | null>(null);
  const waiting = useRef<(Uint8Array | string)[]>([]);
  const [empty, setEmpty] = useState(true);
  const [asked, setAsked] = useState(false);

  useEffect(() => {
    if (!place.current) return undefined;
    const view = new Terminal({ convertEol: true, disableStdin: true, fontSize: 12, lineHeight: 1.35, scrollback: 20_000, theme: THEME, fontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace', minimumContrastRatio: 4.5 });
    const fit = new FitAddon();
    view.loadAddon(fit);
    view.open(place.current);
    const resize = () => { try { fit.fit(); } catch { /* It has no size yet; the observer tells when it has. */ } };
    const observer = new ResizeObserver(resize);
    observer.observe(place.current);
    resize();
    terminal.current = view;
    waiting.current.splice(0).forEach((data) => view.write(data));
    return () => {
      observer.disconnect();
      terminal.current = null;
      view.dispose();
    };
  }, [sessionId]);

  const write = useCallback((data: Uint8Array | string) => {
    if (terminal.current) terminal.current.write(data);
    else waiting.current.push(data);
  }, []);
  const done = useCallback((nothing: boolean) => {
    setEmpty(nothing);
    setAsked(true);
  }, []);
  useTranscript(sessionId, write, done);

  return (
    <div className="relative bg-[#101116]" role="region" aria-label="Transcript" data-testid="transcript">
      <div ref={place} className="h-[min(48vh,520px)] px-3 py-2" />
      {empty && asked && (
        <p className="absolute inset-0 flex items-center justify-center text-[#b0b1bd]">{live ? "Nothing written yet; it will appear here." : "This agent wrote nothing."}</p>
      )}
    </div>
  );
}
