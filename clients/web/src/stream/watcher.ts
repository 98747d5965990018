import { useSyncExternalStore } from "react";
import { web } from "@/api/clients";
import { Multiplexer, type Connection } from "./multiplexer";

/** The tab's one watch. */
export const watcher = new Multiplexer({
  watch: (request, options) => web.watch(request, options),
  setWatch: (request) => web.setWatch(request),
});

export function useConnection(): Connection | "interrupted" {
  return useSyncExternalStore(watcher.subscribe, () =>
    watcher.connection === "connected" && watcher.interrupted.size > 0 ? "interrupted" : watcher.connection,
  );
}

window.addEventListener("online", () => watcher.retryNow());
