import { useCallback, useState } from "react";
import { complain, say } from "./toasts";

/** Runs a mutation: busy meanwhile, errors shown with what to do. */
export function useAction(): [boolean, (work: () => Promise<unknown>, done?: string) => Promise<boolean>] {
  const [busy, setBusy] = useState(false);
  const run = useCallback(async (work: () => Promise<unknown>, done?: string) => {
    setBusy(true);
    try {
      await work();
      if (done) say(done);
      return true;
    } catch (error) {
      complain(error);
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  return [busy, run];
}
