import { Button } from "@/ui/Button";
import { Notice } from "@/ui/Notice";
import { useAction } from "@/ui/useAction";
import { usePodView } from "../PodContext";
import { proposal, requestName, webAddress } from "./landing";

/** The work is pushed, and people merge it elsewhere: where, how far it is, and what to do. */
export function Proposed() {
  const { pod, past, actions } = usePodView();
  const [busy, run] = useAction();
  const sync = proposal(pod);
  if (!sync) return null;
  const opened = sync.number > 0n;
  const again = !past && <Button small disabled={busy} onClick={() => void run(() => actions.land())}>{opened ? "Look whether it is merged" : "It is merged"}</Button>;
  const branch = <code className="font-mono">{sync.branch || "its branch"}</code>;
  return (
    <Notice tone={sync.lastError ? "bad" : "live"} action={again}>
      <p data-testid="proposed">
        {opened ? <>Pushed as {branch}; {requestName(sync)}{sync.state && ` (${sync.state})`} waits to be merged.</> : <>Pushed as {branch}. A person opens its {requestName(sync)}, and merges it.</>}{" "}
        <RequestLink url={sync.url}>{opened ? `Open ${requestName(sync)}` : "Open it there"}</RequestLink>
      </p>
      {sync.lastError && <p className="mt-1">{sync.lastError}</p>}
      {!opened && sync.title && (
        <details className="mt-1">
          <summary className="cursor-pointer">Its title and text</summary>
          <pre tabIndex={0} className="mt-1 max-h-60 overflow-auto font-mono text-xs whitespace-pre-wrap">{`${sync.title}\n\n${sync.body}`}</pre>
        </details>
      )}
    </Notice>
  );
}

export function RequestLink({ url, children }: { url: string; children: string }) {
  const address = webAddress(url);
  return address ? <a href={address} target="_blank" rel="noreferrer noopener" className="font-medium underline underline-offset-2">{children}</a> : null;
}
