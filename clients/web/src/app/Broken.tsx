import type { ErrorComponentProps } from "@tanstack/react-router";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";

/** A page that could not be shown: a fault of the interface, or a part of it that could not be fetched. */
export function Broken({ error }: ErrorComponentProps) {
  return (
    <Empty page icon="x" title="This page could not be shown" action={<Button kind="primary" onClick={() => window.location.reload()}>Reload</Button>}>
      Nothing that was said to Podium is lost. Where reloading does not help, this says why: <code className="font-mono text-xs break-words">{error instanceof Error ? error.message : String(error)}</code>
    </Empty>
  );
}
