import { useEffect } from "react";
import { board } from "@/store/boardStore";
import { TOTALS } from "@/store/board";
import { go } from "./go";
import { isWanted, notifySettings } from "./notify";
import { isFinished } from "@/lib/words";

/** The tab's title counts what wants a person; a notification says it where the page is not looked at. */
export function useNotifications(): void {
  useEffect(() => {
    let before = new Map<string, number>();
    let first = true;
    const look = () => {
      const pods = [...board.state.pods.values()].filter((pod) => !isFinished(pod.phase));
      const total = pods.reduce((sum, pod) => sum + pod.attention, 0);
      document.title = total > 0 ? `(${total}) Podium` : "Podium";
      const settings = notifySettings();
      if (!first && (document.hidden || settings.always) && "Notification" in window && Notification.permission === "granted") {
        for (const pod of pods) {
          if (pod.attention <= (before.get(pod.podId) ?? 0) || !isWanted(pod, settings)) continue;
          const notification = new Notification(`#${pod.number} ${pod.title}`, { body: pod.waitingOn[0]?.text ?? "Wants you", tag: pod.podId });
          notification.onclick = () => {
            window.focus();
            go({ to: "/pod/$podId", params: { podId: pod.podId } });
          };
        }
      }
      first = !board.state.synced;
      before = new Map(pods.map((pod) => [pod.podId, pod.attention]));
    };
    look();
    return board.subscribe(TOTALS, look);
  }, []);
}
