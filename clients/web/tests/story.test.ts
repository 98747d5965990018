import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { Speech, ToolCallStatus, TranscriptChunkSchema, TranscriptSource } from "@gen/podium/jobs/v1/artifact_events_pb";
import { TranscriptEntrySchema } from "@gen/podium/web/v1/web_service_pb";
import { emptyStory, tell } from "@/pages/transcript/story";

type Chunk = MessageInitShape<typeof TranscriptChunkSchema>;
let revision = 0n;
const entry = (chunk: Chunk, text = "") =>
  create(TranscriptEntrySchema, { revision: (revision += 1n), chunk: { source: TranscriptSource.OUTPUT, data: new TextEncoder().encode(text), ...chunk } });
const says = (text: string, speech = Speech.MESSAGE) => entry({ update: { kind: { case: "speech", value: { speech } } } }, text);
const call = (id: string, status: ToolCallStatus) => entry({ update: { kind: { case: "toolCall", value: { id, title: `Run ${id}`, status } } } }, "[tool]");
const told = (...entries: ReturnType<typeof entry>[]) => tell(emptyStory, entries);

it("pieces of one voice belong together, others begin anew", () => {
  const { parts } = told(says("I loo"), says("k."), says("hm", Speech.THOUGHT), says("Done."));
  expect(parts.map((part) => part.kind === "words" && [part.voice, part.text])).toEqual([["message", "I look."], ["thought", "hm"], ["message", "Done."]]);
});

it("a tool's call stays where it began and shows how far it is; the others keep their identity", () => {
  const before = told(call("a", ToolCallStatus.PENDING), says("meanwhile"), call("b", ToolCallStatus.IN_PROGRESS));
  const after = tell(before, [call("a", ToolCallStatus.COMPLETED)]);
  expect(after.parts.map((part) => part.kind === "tool" && part.call.status)).toEqual([ToolCallStatus.COMPLETED, false, ToolCallStatus.IN_PROGRESS]);
  expect(after.parts[0]?.key).toBe(before.parts[0]?.key);
  expect(after.parts.slice(1)).toEqual(before.parts.slice(1));
  expect(after.parts[2]).toBe(before.parts[2]);
});

it("the plan and what was used are those told last, and no part of the story", () => {
  const plan = (status: string) => entry({ update: { kind: { case: "plan", value: { entries: [{ text: "Read", status }] } } } });
  const story = told(plan("pending"), plan("completed"), entry({ update: { kind: { case: "usage", value: { inputTokens: 5n } } } }));
  expect(story.parts).toEqual([]);
  expect([story.plan?.entries[0]?.status, story.usage?.inputTokens, story.structured]).toEqual(["completed", 5n, true]);
});

it("a permission that is answered is the one that was asked for", () => {
  const asks = (by: string, choice: string) => entry({ update: { kind: { case: "permission", value: { toolCallId: "a", tool: "bash", by, choice } } } });
  const { parts } = told(asks("", ""), asks("user:anna", "allow"), asks("", ""));
  expect(parts.map((part) => part.kind === "permission" && part.permission.choice)).toEqual(["allow", ""]);
});

it("bytes of a terminal are no structure; what is shown of them has no escape sequences", () => {
  const story = told(entry({}, "\x1b[31mred\x1b[0m\r\n"), entry({ gapBytes: 7n }, "more"), entry({ source: TranscriptSource.INPUT }, "do it"));
  expect(story.structured).toBe(false);
  expect(story.parts.map((part) => part.kind === "words" && [part.voice, part.text])).toEqual([["output", "red\n"], ["runner", "… 7 bytes left out"], ["output", "more"], ["input", "do it"]]);
});

it("keeps within its bound, and says what is left out", () => {
  const story = told(...Array.from({ length: 3010 }, (_, n) => entry({ source: TranscriptSource.INPUT }, `${n}`)));
  expect([story.parts.length, story.dropped]).toEqual([3000, 10]);
});
