import { Speech, TranscriptSource, type AgentPlan, type Permission, type SessionUsage, type ToolCall, type TranscriptChunk } from "@gen/podium/jobs/v1/artifact_events_pb";
import type { TranscriptEntry } from "@gen/podium/web/v1/web_service_pb";
import { num } from "@/lib/numbers";

export type Voice = "message" | "thought" | "log" | "output" | "input" | "runner";

/** One thing of a session's story. `key` stays the same while it grows. */
export type Part = { key: number } & (
  | { kind: "words"; voice: Voice; text: string }
  | { kind: "tool"; call: ToolCall }
  | { kind: "permission"; permission: Permission }
  | { kind: "turn"; number: number; stopReason: string }
);

export interface Story {
  parts: readonly Part[];
  plan: AgentPlan | null;
  usage: SessionUsage | null;
  /** The session says what it does, and not only how that looks in a terminal. */
  structured: boolean;
  /** Parts that were left out at the beginning, to stay within the bound. */
  dropped: number;
}

export const emptyStory: Story = { parts: [], plan: null, usage: null, structured: false, dropped: 0 };

const MOST_PARTS = 3000;
const MOST_WORDS = 64 * 1024;
const VOICES: Record<number, Voice> = { [Speech.MESSAGE]: "message", [Speech.THOUGHT]: "thought", [Speech.LOG]: "log" };
const SOURCES: Record<number, Voice> = { [TranscriptSource.INPUT]: "input", [TranscriptSource.RUNNER]: "runner" };

/** Tells on: what goes on with a part changes that part, everything else comes behind it. */
export function tell(story: Story, entries: readonly TranscriptEntry[]): Story {
  if (entries.length === 0) return story;
  const next = { ...story, parts: [...story.parts] };
  for (const { chunk, revision } of entries) if (chunk) add(next, chunk, num(revision));
  const over = next.parts.length - MOST_PARTS;
  return over > 0 ? { ...next, parts: next.parts.slice(over), dropped: next.dropped + over } : next;
}

type Draft = Omit<Story, "parts"> & { parts: Part[] };

function add(story: Draft, chunk: TranscriptChunk, key: number): void {
  const update = chunk.update?.kind;
  if (update?.case) story.structured = true;
  if (chunk.gapBytes > 0n) story.parts.push({ key: -key, kind: "words", voice: "runner", text: `… ${chunk.gapBytes} bytes left out` });
  if (update?.case === "toolCall") return addCall(story, update.value, key);
  if (update?.case === "permission") return addPermission(story, update.value, key);
  if (update?.case === "turn") return void story.parts.push({ key, kind: "turn", number: update.value.number, stopReason: update.value.stopReason });
  if (update?.case === "plan") story.plan = update.value;
  else if (update?.case === "usage") story.usage = update.value;
  else addWords(story, update?.case === "speech" ? (VOICES[update.value.speech] ?? "message") : (SOURCES[chunk.source] ?? "output"), chunk.data, key);
}

function addCall(story: Draft, call: ToolCall, key: number): void {
  const at = story.parts.findLastIndex((part) => part.kind === "tool" && part.call.id === call.id);
  const before = story.parts[at];
  if (before) story.parts[at] = { key: before.key, kind: "tool", call };
  else story.parts.push({ key, kind: "tool", call });
}

function addPermission(story: Draft, permission: Permission, key: number): void {
  const same = (part: Part) => part.kind === "permission" && !part.permission.choice && !part.permission.by && part.permission.toolCallId === permission.toolCallId && part.permission.messageId === permission.messageId;
  const at = story.parts.findLastIndex(same);
  const before = story.parts[at];
  if (before) story.parts[at] = { key: before.key, kind: "permission", permission };
  else story.parts.push({ key, kind: "permission", permission });
}

/** Escape sequences of terminals: colours, titles, the cursor's ways. */
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])|\r(?=\n)/g;

function addWords(story: Draft, voice: Voice, data: Uint8Array, key: number): void {
  const text = new TextDecoder().decode(data).replace(ESCAPES, "");
  const last = story.parts.at(-1);
  // What the readable form repeats of what is shown by its own means.
  if (!text || (story.structured && voice === "runner" && /^turn \d+\s*$/.test(text.trim()))) return;
  // Pieces of one voice that follow each other belong together; what is typed are words of their own.
  if (last?.kind === "words" && last.voice === voice && voice !== "input" && last.text.length + text.length < MOST_WORDS) {
    story.parts[story.parts.length - 1] = { ...last, text: last.text + text };
  } else story.parts.push({ key, kind: "words", voice, text });
}
