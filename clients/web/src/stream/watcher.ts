import { useSyncExternalStore } from "react";
import { web } from "@/api/clients";
import { ChosenWatch, sharedWorker } from "./choose";
import type { Connection, Watcher } from "./target";

/** The tab's one watch; where the browser can, one for all of its tabs. */
export const watcher: Watcher = new ChosenWatch(
  {
    watch: (request, options) => web.watch(request, options),
    setWatch: (request) => web.setWatch(request),
  },
  sharedWorker(),
);

const subscribe = (listener: () => void) => watcher.subscribe(listener);

export function useConnection(): Connection | "interrupted" {
  return useSyncExternalStore(subscribe, () =>
    watcher.connection === "connected" && watcher.interrupted.size > 0 ? "interrupted" : watcher.connection,
  );
}

window.addEventListener("online", () => watcher.retryNow());
