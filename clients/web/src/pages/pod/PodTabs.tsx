import { useEffect, useRef } from "react";
import { DocumentState } from "@gen/podium/pods/v1/pod_pb";
import { TABS, type Tab } from "@/app/router";
import { usePodView } from "./PodContext";
import { usePodSearch } from "./usePodSearch";

const TITLES: Record<Tab, string> = { overview: "Overview", spec: "Spec", plan: "Plan", work: "Work", agents: "Agents", review: "Review", events: "Events" };

export function PodTabs({ tab }: { tab: Tab }) {
  const { pod } = usePodView();
  const [, setSearch] = usePodSearch();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector("[role=dialog],[role=menu]")) return;
      if (event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
      const wanted = TABS[Number(event.key) - 1];
      if (wanted) setSearch({ tab: wanted, of: undefined });
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [setSearch]);
  const bar = useRef<HTMLElement>(null);
  useEffect(() => {
    bar.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [tab]);
  const notes: Partial<Record<Tab, string>> = {
    overview: pod.inbox.length ? String(pod.inbox.length) : "",
    spec: pod.spec?.version ? `v${pod.spec.version}` : pod.spec?.state === DocumentState.GENERATING ? "…" : "",
    plan: pod.plan?.version ? `v${pod.plan.version}` : "",
    work: pod.workstreams.length ? String(pod.workstreams.length) : "",
    agents: pod.agents.length ? String(pod.agents.length) : "",
  };
  return (
    <nav ref={bar} aria-label="Parts of the pod" className="flex shrink-0 overflow-x-auto border-b border-line bg-surface px-2.5 @2xl:gap-1 @2xl:px-3">
      {TABS.map((name) => (
        <button key={name} type="button" aria-current={tab === name ? "page" : undefined} onClick={() => setSearch({ tab: name, of: undefined })}
          className={`-mb-px flex h-9 items-center gap-1.5 border-b-2 px-1.5 font-medium @2xl:px-2.5 whitespace-nowrap transition-colors ${tab === name ? "border-accent text-ink" : "border-transparent text-muted hover:text-ink"}`}>
          {TITLES[name]}
          {notes[name] && <span className="text-[11px] font-normal text-faint">{notes[name]}</span>}
        </button>
      ))}
    </nav>
  );
}
