import { complain } from "@/ui/toasts";
import type { Action } from "./action";

/** Does it; a refusal is shown. */
export async function perform(action: Action): Promise<void> {
  try {
    await action.run();
  } catch (error) {
    complain(error);
  }
}
