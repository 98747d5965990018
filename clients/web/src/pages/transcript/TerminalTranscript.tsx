import { useEffect, useRef } from "react";
import { BACKDROP, Screen } from "@/terminal/screen";

/** Bytes as a terminal shows them. `feed` is called with what writes to it, and gives what stops that. */
export default function TerminalTranscript({ feed, note }: { feed: (write: (data: Uint8Array | string) => void) => () => void; note: string }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!place.current) return undefined;
    const screen = new Screen({ convertEol: true, disableStdin: true });
    const hide = screen.show(place.current, () => screen.fit());
    const stop = feed((data) => screen.terminal.write(data));
    return () => {
      stop();
      hide();
      screen.dispose();
    };
  }, [feed]);
  return (
    <div className={`relative ${BACKDROP}`} role="region" aria-label="Transcript" data-testid="transcript">
      <div ref={place} className="h-[min(48vh,520px)] px-3 py-2" />
      {note && <p className="absolute inset-0 flex items-center justify-center text-[#b0b1bd]">{note}</p>}
    </div>
  );
}
