import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { ms, span } from "@/lib/time";
import { useNow } from "./useNow";

/** "4 min": how long ago, or how long until. */
export function Since({ time, until = false }: { time: Timestamp | undefined; until?: boolean }) {
  const now = useNow();
  if (!time) return null;
  const at = ms(time);
  return <time dateTime={new Date(at).toISOString()} title={new Date(at).toLocaleString()}>{span(until ? at - now : now - at)}</time>;
}
