import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { projects, sessionInfo } from "@/api/queries";
import { TOTALS } from "@/store/board";
import { useBoardKey } from "@/store/boardStore";
import { isFinished } from "@/lib/words";
import { Icon, type IconName } from "@/ui/Icon";
import { openDialog } from "./dialogs";
import type { ReactNode } from "react";

export function Navigation({ open, wide, onNavigate }: { open: boolean; wide: boolean; onNavigate: () => void }) {
  const board = useBoardKey(TOTALS);
  const { data } = useQuery(projects);
  const { data: me } = useQuery(sessionInfo);
  const pods = [...board.pods.values()];
  const attention = pods.reduce((sum, pod) => sum + (isFinished(pod.phase) ? 0 : pod.attention), 0);
  const live = new Map<string, number>();
  for (const pod of pods) if (!isFinished(pod.phase)) live.set(pod.projectId, (live.get(pod.projectId) ?? 0) + 1);
  return (
    <nav aria-label="Main" onClick={onNavigate}
      className={`${open ? "absolute inset-y-12 left-0 z-30 flex shadow-2xl" : "hidden"} w-52 shrink-0 flex-col gap-0.5 overflow-y-auto border-r border-line bg-surface p-2 ${wide ? "xl:static xl:flex xl:shadow-none" : "md:static md:flex md:shadow-none"}`}>
      <Entry to="/" icon="board">Board</Entry>
      <Entry to="/inbox" icon="inbox" count={attention} loud>Inbox</Entry>
      <h2 className="eyebrow mt-4 mb-1 flex items-center justify-between px-2">
        Projects
        <button type="button" aria-label="Add a project" title="Add a project" className="rounded p-0.5 hover:bg-sunken hover:text-ink" onClick={() => openDialog("project")}>
          <Icon name="plus" size={14} />
        </button>
      </h2>
      {data?.map((project) => (
        <Link key={project.id} to="/project/$projectId" params={{ projectId: project.id }} title={project.repository} className={LINK} activeProps={{ className: ACTIVE }}>
          <Icon name="folder" size={15} />
          <span className="min-w-0 flex-1 truncate">{project.name}</span>
          {live.get(project.id) ? <span className="text-faint" title="Unfinished pods">{live.get(project.id)}</span> : null}
        </Link>
      ))}
      {data?.length === 0 && <p className="px-2 text-faint">A project is a git repository. The first task makes one.</p>}
      <p className="mt-auto truncate px-2 pt-4 text-faint" title={me?.installation}>{me ? `${me.name} · ${me.version}` : ""}</p>
    </nav>
  );
}

const LINK = "flex h-8 items-center gap-2 rounded-lg px-2 text-muted transition-colors hover:bg-sunken hover:text-ink";
const ACTIVE = "bg-sunken !text-ink font-medium";

function Entry({ to, icon, count = 0, loud = false, children }: { to: "/" | "/inbox"; icon: IconName; count?: number; loud?: boolean; children: ReactNode }) {
  return (
    <Link to={to} className={LINK} activeProps={{ className: ACTIVE }} activeOptions={{ exact: true, includeSearch: false }}>
      <Icon name={icon} size={15} />
      <span className="flex-1">{children}</span>
      {count > 0 && (
        <span data-testid="inbox-badge" aria-label={`${count} things want you`} className={`min-w-5 rounded-full px-1.5 text-center text-[11px] font-semibold ${loud ? "bg-accent text-accent-ink" : "text-faint"}`}>{count}</span>
      )}
    </Link>
  );
}
