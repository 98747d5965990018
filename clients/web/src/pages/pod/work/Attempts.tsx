import { FailureCause, type Attempt, type Workstream } from "@gen/podium/pods/v1/pod_pb";
import { agentWord } from "@/lib/words";
import { Chip } from "@/ui/Chip";
import { Since } from "@/ui/Since";
import { usePodSearch } from "../usePodSearch";

export function Attempts({ workstream }: { workstream: Workstream }) {
  const [, setSearch] = usePodSearch();
  if (workstream.attempts.length === 0) return null;
  return (
    <div>
      <h3 className="eyebrow mb-1">Attempts</h3>
      <ol className="space-y-2">
        {[...workstream.attempts].reverse().map((attempt) => (
          <li key={attempt.number} className="rounded-lg border border-line p-2.5">
            <p className="flex flex-wrap items-center gap-2">
              <span className="font-medium">#{attempt.number}</span>
              <Chip tone={agentWord(attempt.outcome).tone}>{agentWord(attempt.outcome).text}</Chip>
              <span className="text-faint"><Since time={attempt.startedTime} /> ago{attempt.excused && " · does not count"}</span>
              <button type="button" className="ml-auto text-accent-text hover:underline" onClick={() => setSearch({ tab: "agents", of: attempt.agentId })}>Transcript</button>
            </p>
            <Why attempt={attempt} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function Why({ attempt }: { attempt: Attempt }) {
  if (!attempt.error && !attempt.checksOutput && attempt.conflictPaths.length === 0) return null;
  const cause = FailureCause[attempt.cause]?.toLowerCase().replaceAll("_", " ");
  return (
    <div className="mt-1.5 space-y-1.5">
      {attempt.error && <p className="break-words text-muted">{attempt.cause ? `${cause}: ` : ""}{attempt.error}</p>}
      {attempt.conflictPaths.length > 0 && <p className="font-mono text-xs">{attempt.conflictPaths.join(", ")}</p>}
      {attempt.checksOutput && <pre tabIndex={0} className="max-h-40 overflow-auto rounded bg-sunken p-2 font-mono text-xs">{attempt.checksOutput}</pre>}
    </div>
  );
}
