import { useCallback, useEffect, useRef, useState } from "react";
import { BACKDROP, Screen } from "@/terminal/screen";
import { useTranscript } from "./useTranscript";

/** What an agent wrote and was told, as a terminal shows it; follows it while it lives. */
export default function Transcript({ sessionId, live }: { sessionId: string; live: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const terminal = useRef<Screen["terminal"] | null>(null);
  const waiting = useRef<(Uint8Array | string)[]>([]);
  const [empty, setEmpty] = useState(true);
  const [asked, setAsked] = useState(false);

  useEffect(() => {
    if (!place.current) return undefined;
    const screen = new Screen({ convertEol: true, disableStdin: true });
    const hide = screen.show(place.current, () => screen.fit());
    terminal.current = screen.terminal;
    waiting.current.splice(0).forEach((data) => screen.terminal.write(data));
    return () => {
      hide();
      terminal.current = null;
      screen.dispose();
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
    <div className={`relative ${BACKDROP}`} role="region" aria-label="Transcript" data-testid="transcript">
      <div ref={place} className="h-[min(48vh,520px)] px-3 py-2" />
      {empty && asked && (
        <p className="absolute inset-0 flex items-center justify-center text-[#b0b1bd]">{live ? "Nothing written yet; it will appear here." : "This agent wrote nothing."}</p>
      )}
    </div>
  );
}
