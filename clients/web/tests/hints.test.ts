import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { ErrorReason } from "@gen/podium/common/v1/error_reason_pb";
import { explain } from "@/api/errors";
import { HINTS } from "@/api/hints";
import { waits } from "@/lib/words";

/** Reasons that no page shows: of calls that only services, runners and agents make, or that the stream answers by itself. */
const UNSEEN = new Set([
  "UNSPECIFIED", "RESUME_POINT_TRUNCATED", "INVALID_PAGE_TOKEN", "REVISION_CONFLICT", "FENCED", "EVENT_ID_REUSED", "STREAM_NOT_FOUND", "LEASE_LOST",
  "SHARD_OWNED", "SNAPSHOT_NOT_FOUND", "FENCE_REQUIRED", "AGENT_ALREADY_CLAIMED", "AGENT_NOT_YOURS", "NOT_OWNER_OF_ITEM", "JOB_NOT_FOUND",
  "SESSION_CLAIMED", "SESSION_NOT_YOURS", "INPUT_OUT_OF_ORDER", "WATCH_NOT_FOUND",
]);

it("every error that a person can meet says what to do", () => {
  const reasons = Object.keys(ErrorReason).filter((name) => Number.isNaN(Number(name)));
  expect(reasons.filter((reason) => !HINTS[reason] && !UNSEEN.has(reason))).toEqual([]);
  expect(Object.keys(HINTS).filter((reason) => !reasons.includes(reason))).toEqual([]);
});

it("an error without a reason says what to do, by its code", () => {
  for (const code of [Code.Unavailable, Code.Unauthenticated, Code.NotFound, Code.InvalidArgument, Code.Internal]) {
    expect(explain(new ConnectError("x", code)).hint).not.toBe("");
  }
});

it("what a pod waits for is a sentence", () => {
  expect(waits("approval of spec version 1")).toBe("Waits for approval of spec version 1");
  expect(waits("no runner offers profile x")).toBe("No runner offers profile x");
});
