import { WaitingKind, type PodSummary } from "@gen/podium/pods/v1/pod_pb";

/** What a person wants to be told of; kept in a cookie, as the theme is. */
export interface NotifySettings {
  /** Approvals, questions, starts: something waits for a decision. */
  decisions: boolean;
  /** Failures, blocked landings, budgets, logins. */
  trouble: boolean;
  /** Also while a page of Podium is looked at. */
  always: boolean;
}

const COOKIE = "podium_notify";
const NAMES = ["decisions", "trouble", "always"] as const;
const TROUBLE = new Set([WaitingKind.LOGIN, WaitingKind.BUDGET, WaitingKind.CHECKS, WaitingKind.DECISION, WaitingKind.LANDING, WaitingKind.DOCUMENT]);

export function parseSettings(cookies: string): NotifySettings {
  const found = new RegExp(`(?:^|; )${COOKIE}=([a-z.]*)`).exec(cookies)?.[1];
  const on = new Set((found ?? "decisions.trouble").split("."));
  return { decisions: on.has("decisions"), trouble: on.has("trouble"), always: on.has("always") };
}

export const notifySettings = (): NotifySettings => parseSettings(document.cookie);

export function saveSettings(settings: NotifySettings): void {
  const value = NAMES.filter((name) => settings[name]).join(".");
  document.cookie = `${COOKIE}=${value}; path=/; max-age=31536000; samesite=strict`;
}

/** Whether what a pod waits for is worth telling. */
export function isWanted(pod: Pick<PodSummary, "waitingOn">, settings: NotifySettings): boolean {
  const kinds = pod.waitingOn.map((each) => each.kind);
  if (kinds.length === 0) return settings.decisions;
  return kinds.some((kind) => (TROUBLE.has(kind) ? settings.trouble : settings.decisions));
}
