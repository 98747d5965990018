import * as Dialog from "@radix-ui/react-dialog";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { actionsFor, type Known } from "@/actions/all";
import { perform } from "@/actions/perform";
import { getScope } from "@/actions/scope";
import { profiles, projects } from "@/api/queries";
import { phaseWord } from "@/lib/words";
import { LAYOUT } from "@/store/board";
import { useBoardKey } from "@/store/boardStore";
import { Icon, type IconName } from "@/ui/Icon";
import { openDialog } from "./dialogs";
import { go } from "./go";
import { toggleTheme } from "./theme";

interface Entry {
  id: string;
  icon: IconName;
  text: string;
  note: string;
  danger?: boolean;
  run: () => void;
}

const LIMIT = 40;

export function CommandPalette({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/40" />
        <Dialog.Content aria-describedby={undefined} className="card fixed top-[12vh] left-1/2 z-50 w-[min(560px,calc(100vw-24px))] -translate-x-1/2 overflow-hidden shadow-2xl focus:outline-none">
          <Dialog.Title className="sr-only">Find a pod, a project, an action</Dialog.Title>
          <Palette onClose={onClose} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const entries = useEntries();
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    list.current?.querySelector(`#palette-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const found = entries.filter((entry) => words.every((word) => `${entry.text} ${entry.note}`.toLowerCase().includes(word))).slice(0, LIMIT);
  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    // The palette gives the focus back first, so that a dialog opened by it gets it.
    setTimeout(entry.run);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt((at + 1) % Math.max(1, found.length));
    else if (event.key === "ArrowUp") setAt((at + found.length - 1) % Math.max(1, found.length));
    else if (event.key === "Enter") run(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <div onKeyDown={onKey}>
      <div className="flex items-center gap-3 border-b border-line px-4">
        <Icon name="search" className="text-faint" />
        <input autoFocus value={text} role="combobox" aria-expanded="true" aria-controls="palette-list" aria-label="Find"
          aria-activedescendant={found[at] ? `palette-${at}` : undefined}
          onChange={(event) => { setText(event.target.value); setAt(0); }}
          placeholder="Find a pod, a project, an action…" className="h-12 w-full bg-transparent text-[15px] outline-none placeholder:text-faint" />
      </div>
      <ul ref={list} id="palette-list" role="listbox" aria-label="Found" className="max-h-[50vh] overflow-y-auto p-2">
        {found.map((entry, index) => (
          <li key={entry.id} id={`palette-${index}`} role="option" aria-selected={index === at} onMouseMove={() => setAt(index)} onClick={() => run(entry)}
            data-action={entry.id} className={`flex h-9 cursor-pointer items-center gap-3 rounded-lg px-3 ${index === at ? "bg-accent-soft text-accent-text" : ""}`}>
            <Icon name={entry.icon} size={15} className={entry.danger ? "text-bad" : "opacity-70"} />
            <span className="min-w-0 flex-1 truncate">{entry.text}</span>
            <span className={index === at ? "" : "text-faint"}>{entry.note}</span>
          </li>
        ))}
        {found.length === 0 && <li role="option" aria-selected="false" className="px-3 py-6 text-center text-muted">Nothing is called that.</li>}
      </ul>
    </div>
  );
}

function useEntries(): Entry[] {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const board = useBoardKey(LAYOUT);
  const { data } = useQuery(projects);
  const { data: agents } = useQuery(profiles);
  return useMemo(() => {
    const known: Known = { profiles: agents ?? [], projects: data ?? [], projectsChanged: () => queries.invalidateQueries({ queryKey: projects.queryKey }) };
    const actions = actionsFor(getScope(), known).map((action): Entry => ({ ...action, note: "", run: () => void perform(action) }));
    const places = (data ?? []).map((project): Entry => ({
      id: project.id, icon: "folder", text: project.name, note: "project",
      run: () => void navigate({ to: "/project/$projectId", params: { projectId: project.id } }),
    }));
    const pods = [...board.pods.values()].reverse().map((pod): Entry => ({
      id: pod.podId, icon: "graph", text: `#${pod.number} ${pod.title}`, note: phaseWord(pod.phase).text,
      run: () => void navigate({ to: "/pod/$podId", params: { podId: pod.podId } }),
    }));
    return [...actions, ...GENERAL, ...places, ...pods];
    // The store's map is replaced when the layout changes.
  }, [board.pods, data, agents, navigate, queries]);
}

const GENERAL: Entry[] = [
  { id: "new", icon: "plus", text: "New task", note: "c", run: () => openDialog("task") },
  { id: "project", icon: "folder", text: "Add a project", note: "", run: () => openDialog("project") },
  { id: "board", icon: "board", text: "Go to the board", note: "g b", run: () => go({ to: "/" }) },
  { id: "inbox", icon: "inbox", text: "Go to the inbox", note: "g i", run: () => go({ to: "/inbox" }) },
  { id: "theme", icon: "moon", text: "Light or dark", note: "t", run: toggleTheme },
  { id: "settings", icon: "bell", text: "Notifications…", note: "", run: () => openDialog("settings") },
  { id: "help", icon: "command", text: "Keyboard", note: "?", run: () => openDialog("help") },
];
