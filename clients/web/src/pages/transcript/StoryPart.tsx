import { memo } from "react";
import { ToolCallStatus, type Permission, type ToolCall } from "@gen/podium/jobs/v1/artifact_events_pb";
import type { Tone } from "@/lib/words";
import { Chip } from "@/ui/Chip";
import { Dot } from "@/ui/Dot";
import { Markdown } from "@/ui/Markdown";
import type { Part, Voice } from "./story";

/** One part; renders when that part changes. */
export const StoryPart = memo(function StoryPart({ part }: { part: Part }) {
  if (part.kind === "tool") return <Call call={part.call} />;
  if (part.kind === "permission") return <Asked permission={part.permission} />;
  if (part.kind === "turn") return <Turn number={part.number} stopReason={part.stopReason} />;
  return <Words voice={part.voice} text={part.text} />;
}, (before, after) => before.part === after.part);

const PLAIN: Partial<Record<Voice, string>> = {
  thought: "border-l-2 border-line pl-3 text-faint italic whitespace-pre-wrap",
  log: "font-mono text-[11px] text-faint whitespace-pre-wrap",
  output: "font-mono text-xs whitespace-pre-wrap",
  runner: "text-[11px] text-faint whitespace-pre-wrap",
};

function Words({ voice, text }: { voice: Voice; text: string }) {
  if (voice === "message") return <div className="text-[13px]"><Markdown>{text}</Markdown></div>;
  if (voice === "input") {
    return <div className="ml-8 rounded-lg bg-accent-soft px-3 py-2"><p className="eyebrow mb-0.5 !text-accent-text">Told</p><div className="max-h-64 overflow-y-auto break-words whitespace-pre-wrap" tabIndex={0}>{text.trim()}</div></div>;
  }
  return <p className={`break-words ${PLAIN[voice]}`}>{(voice === "thought" ? text.replace(/^\(thinking\) /, "") : text).trim()}</p>;
}

const STATUSES: Record<number, [Tone, string]> = {
  [ToolCallStatus.PENDING]: ["wait", "asked for"],
  [ToolCallStatus.IN_PROGRESS]: ["active", "runs"],
  [ToolCallStatus.COMPLETED]: ["good", "done"],
  [ToolCallStatus.FAILED]: ["bad", "failed"],
};

function Call({ call }: { call: ToolCall }) {
  const [tone, word] = STATUSES[call.status] ?? ["neutral", ""];
  const changes = call.changes.map((each) => `${each.path} +${each.linesAdded} −${each.linesRemoved}`);
  const places = changes.length > 0 ? changes : call.locations.map((each) => (each.line > 0 ? `${each.path}:${each.line}` : each.path)).filter((place) => !call.title.includes(place));
  const head = (
    <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2.5 gap-y-0.5">
      <Dot tone={tone} />
      <span className="min-w-0 font-mono text-xs break-all">{call.title || call.kind}</span>
      {call.kind && call.kind !== "other" && <Chip>{call.kind}</Chip>}
      {places.length > 0 && <span className="min-w-0 truncate font-mono text-[11px] text-faint">{places.join("  ")}</span>}
      <span className={`ml-auto text-[11px] ${tone === "bad" ? "text-bad" : "text-faint"}`}>{word}</span>
    </span>
  );
  const frame = `rounded-lg border px-3 py-1.5 ${tone === "bad" ? "border-bad/30" : "border-line"}`;
  if (!call.output) return <div data-testid="tool-call" data-status={word} className={`flex ${frame}`}>{head}</div>;
  return (
    <details data-testid="tool-call" data-status={word} className={`group ${frame}`}>
      <summary className="flex cursor-pointer list-none items-center gap-2">{head}</summary>
      <pre tabIndex={0} className="mt-1.5 max-h-60 overflow-auto rounded bg-sunken p-2 font-mono text-[11px] whitespace-pre-wrap">{call.output}</pre>
    </details>
  );
}

function Asked({ permission }: { permission: Permission }) {
  const by = permission.by.replace(/^user:/, "").replace("policy", "the pod's rules");
  return (
    <p className="flex flex-wrap items-center gap-2 text-muted">
      <Chip tone={permission.by ? "muted" : "wait"}>Permission</Chip>
      <code className="font-mono text-xs">{permission.tool}</code>
      <span>{permission.by ? `${permission.choice || "withdrawn"} by ${by}` : permission.choice || "is asked for"}</span>
    </p>
  );
}

function Turn({ number, stopReason }: { number: number; stopReason: string }) {
  if (number === 1 && !stopReason) return null;
  return (
    <p className="flex items-center gap-2 py-1 text-[11px] text-faint">
      <span className="h-px flex-1 bg-line" />Turn {number} {stopReason ? `ended: ${stopReason.replaceAll("_", " ")}` : "begins"}<span className="h-px flex-1 bg-line" />
    </p>
  );
}
