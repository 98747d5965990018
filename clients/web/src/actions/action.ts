import type { IconName } from "@/ui/Icon";

/** Something that a person can do now: stands in the command palette, and behind the button that does it. */
export interface Action {
  /** Unique among the actions that are offered together. */
  id: string;
  /** The RPC that it ends in, "PodService.ApproveSpec"; empty: none, it only shows something. */
  rpc: string;
  text: string;
  icon: IconName;
  /** Destroys or ends something. */
  danger?: boolean;
  run: () => unknown;
}

/** "Fix the rounding…": enough of a text for a list. */
export function brief(text: string, limit = 48): string {
  const line = text.trim().split("\n")[0] ?? "";
  return line.length > limit ? `${line.slice(0, limit - 1).trimEnd()}…` : line;
}
