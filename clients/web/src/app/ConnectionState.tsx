import { useConnection, watcher } from "@/stream/watcher";

const WORDS = {
  connected: { text: "Live", dot: "bg-good", hint: "Everything shown is kept up to date" },
  connecting: { text: "Connecting", dot: "bg-faint pulse", hint: "Waiting for the gateway" },
  reconnecting: { text: "Reconnecting", dot: "bg-wait pulse", hint: "The connection is lost; what you see may be old. Click to try now" },
  interrupted: { text: "Service restarting", dot: "bg-wait pulse", hint: "A service is away; what it shows is as it was" },
} as const;

/** What is shown may be old: that is to be seen. */
const LOST = new Set(["reconnecting", "interrupted"]);

export function ConnectionState() {
  const connection = useConnection();
  const { text, dot, hint } = WORDS[connection];
  return (
    <button type="button" data-testid="connection" data-state={connection} title={hint} onClick={() => watcher.retryNow()}
      className={`flex h-8 items-center gap-2 rounded-lg px-2 ${LOST.has(connection) ? "bg-wait-soft font-medium text-wait" : "text-muted hover:bg-sunken"}`}>
      <span aria-hidden="true" className={`size-2 rounded-full ${dot}`} />
      <span role="status" className={connection === "connected" ? "hidden lg:inline" : ""}>{text}</span>
      {connection === "connected" && <span className="sr-only lg:hidden">Live</span>}
    </button>
  );
}
