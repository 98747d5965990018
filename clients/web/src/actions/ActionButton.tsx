import { useState } from "react";
import { Button } from "@/ui/Button";
import { Icon } from "@/ui/Icon";
import type { Action } from "./action";
import { perform } from "./perform";

/** An action as a button; not to be pressed twice while it is being done. */
export function ActionButton({ action, kind, small = false, text }: { action: Action | undefined; kind?: "primary" | "plain" | "ghost"; small?: boolean; text?: string }) {
  const [busy, setBusy] = useState(false);
  if (!action) return null;
  const run = () => {
    setBusy(true);
    void perform(action).finally(() => setBusy(false));
  };
  return (
    <Button small={small} kind={action.danger ? "danger" : (kind ?? "plain")} disabled={busy} onClick={run}>
      <Icon name={action.icon} size={small ? 12 : 14} />{text ?? action.text}
    </Button>
  );
}
