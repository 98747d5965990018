import { useEffect, useRef, useState } from "react";
import { ToolCallStatus, type AgentPlan, type SessionUsage } from "@gen/podium/jobs/v1/artifact_events_pb";
import { num } from "@/lib/numbers";
import { Button } from "@/ui/Button";
import { Icon } from "@/ui/Icon";
import { StoryPart } from "./StoryPart";
import type { Story } from "./story";

const NEAR_PX = 80;

/** What an agent says and does: its words, its tools' calls with how far they are, its plan as a list. */
export function StoryView({ story, live }: { story: Story; live: boolean }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [follows, setFollows] = useState(true);
  useEffect(() => {
    if (follows && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  }, [story, follows]);
  const onScroll = () => {
    const at = scroller.current;
    if (at) setFollows(at.scrollHeight - at.scrollTop - at.clientHeight < NEAR_PX);
  };
  const running = story.parts.some((part) => part.kind === "tool" && part.call.status === ToolCallStatus.IN_PROGRESS);
  return (
    <div role="region" aria-label="Transcript" data-testid="transcript" className="relative">
      {(story.plan || story.usage) && <PlanBar plan={story.plan} usage={story.usage} />}
      <div ref={scroller} onScroll={onScroll} tabIndex={0} aria-label="What the agent says and does" role="log" className="h-[min(56vh,600px)] space-y-2 overflow-y-auto px-4 py-3">
        {story.dropped > 0 && <p className="text-faint">… {story.dropped} earlier entries are left out</p>}
        {story.parts.map((part) => <StoryPart key={part.key} part={part} />)}
        {live && running && <p className="text-faint">Working…</p>}
      </div>
      {!follows && live && (
        <div className="pointer-events-none absolute inset-x-0 bottom-3 flex justify-center">
          <Button small className="pointer-events-auto shadow-card" onClick={() => setFollows(true)}><Icon name="chevron" size={12} className="rotate-90" />To the end</Button>
        </div>
      )}
    </div>
  );
}

const MARKS: Record<string, [mark: string, tone: string]> = { completed: ["✓", "text-good"], in_progress: ["▸", "text-live"], pending: ["○", "text-faint"] };

function PlanBar({ plan, usage }: { plan: AgentPlan | null; usage: SessionUsage | null }) {
  const [open, setOpen] = useState(true);
  const entries = plan?.entries ?? [];
  const done = entries.filter((entry) => entry.status === "completed").length;
  return (
    <div className="border-b border-line bg-sunken/60 px-4 py-2">
      <div className="flex items-center gap-3">
        {entries.length > 0 && (
          <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="flex items-center gap-1.5 font-semibold">
            <Icon name="chevron" size={12} className={open ? "rotate-90" : ""} />Plan <span className="font-normal text-faint">{done} of {entries.length}</span>
          </button>
        )}
        <span className="flex-1" />
        {usage && <span className="text-[11px] text-faint">{say(usage)}</span>}
      </div>
      {open && entries.length > 0 && (
        <ul aria-label="The agent's plan" className="mt-1.5 max-h-40 space-y-0.5 overflow-y-auto" tabIndex={0}>
          {entries.map((entry, index) => {
            const [mark, tone] = MARKS[entry.status] ?? ["○", "text-faint"];
            return (
              <li key={index} data-status={entry.status} className={`flex gap-2 ${entry.status === "completed" ? "text-faint" : ""}`}>
                <span aria-hidden="true" className={`w-3 shrink-0 ${tone}`}>{mark}</span>
                <span className="sr-only">{entry.status.replace("_", " ")}: </span>{entry.text}
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}

function say(usage: SessionUsage): string {
  const thousands = (tokens: bigint) => (num(tokens) < 1000 ? String(tokens) : `${(num(tokens) / 1000).toFixed(1)}k`);
  const parts = [`${thousands(usage.inputTokens)} in, ${thousands(usage.outputTokens)} out`];
  if (usage.costMicros > 0n) parts.push(`$${(num(usage.costMicros) / 1e6).toFixed(2)}`);
  if (usage.contextLimit > 0n) parts.push(`context ${Math.round((100 * num(usage.contextTokens)) / num(usage.contextLimit))} %`);
  return parts.join(" · ");
}
