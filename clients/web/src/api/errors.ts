import { Code, ConnectError } from "@connectrpc/connect";
import { sentence } from "@/lib/words";
import { HINTS } from "./hints";

/** An error as a page shows it: what happened, and what to do now. */
export interface Explained {
  title: string;
  hint: string;
  reason: string;
  retryable: boolean;
}

/** The reason of a `google.rpc.ErrorInfo`, read from the detail's bytes (field 1 is a string). */
function reasonFromDetail(bytes: Uint8Array): string {
  if (bytes[0] !== 0x0a || bytes[1] === undefined) return "";
  return new TextDecoder().decode(bytes.slice(2, 2 + bytes[1]));
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof ConnectError)) return "";
  for (const detail of error.details) {
    if ("type" in detail && detail.type === "google.rpc.ErrorInfo") return reasonFromDetail(detail.value);
  }
  return "";
}

export function explain(error: unknown): Explained {
  if (!(error instanceof ConnectError)) {
    const title = error instanceof Error ? error.message : String(error);
    return { title, hint: "Reload the page if this stays.", reason: "", retryable: true };
  }
  const reason = reasonOf(error);
  const retryable = [Code.Unavailable, Code.ResourceExhausted, Code.DeadlineExceeded].includes(error.code);
  return { title: sentence(error.rawMessage || "The call failed"), hint: HINTS[reason] ?? hintByCode(error.code), reason, retryable };
}

function hintByCode(code: Code): string {
  switch (code) {
    case Code.Unavailable:
      return "A service is restarting. Nothing is lost: try again in a moment.";
    case Code.Unauthenticated:
      return "Your sign-in is over. Run `podium open` in a terminal.";
    case Code.DeadlineExceeded:
    case Code.ResourceExhausted:
      return "The service is busy. Try again in a moment.";
    case Code.NotFound:
      return "It may have been removed meanwhile.";
    case Code.InvalidArgument:
      return "Correct what you entered and try again.";
    case Code.Internal:
      return "This is a bug: `podium logs` shows its error id.";
    default:
      return "";
  }
}
