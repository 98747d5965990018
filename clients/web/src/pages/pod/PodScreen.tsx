import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Action } from "@/actions/action";
import { useScope, type Scope } from "@/actions/scope";
import { podActions } from "@/api/podActions";
import { podAt } from "@/api/queries";
import { num } from "@/lib/numbers";
import { usePod } from "@/store/podStore";
import { ToBoard } from "@/app/NotFound";
import { sentence } from "@/lib/words";
import { Empty } from "@/ui/Empty";
import { PodProvider } from "./PodContext";
import { PodHeader } from "./PodHeader";
import { PodTabs } from "./PodTabs";
import { TabContent } from "./TabContent";
import { TimeTravel } from "./TimeTravel";
import { usePodSearch } from "./usePodSearch";

const NOTHING: Scope = {};
const NO_ACTIONS: readonly Action[] = [];

/** A pod, live or as it was. `beside`: what can be done to its task; the first of it as a button. */
export function PodScreen({ podId, beside = NO_ACTIONS }: { podId: string; beside?: readonly Action[] }) {
  const { pod: live, error } = usePod(podId);
  const [{ at = 0, tab = "overview" }] = usePodSearch();
  const past = useQuery({ ...podAt(podId, at), enabled: at > 0, placeholderData: keepPreviousData });
  const actions = useMemo(() => podActions(podId), [podId]);
  const travels = at > 0 && live !== null && at < num(live.revision);
  const pod = travels ? (past.data ?? null) : live;
  useScope(live && !travels ? { pod: live } : NOTHING);
  const view = useMemo(() => (pod ? { pod, actions, past: travels } : null), [pod, actions, travels]);
  if (error && !live) return <Empty page icon="search" title="This pod is not to be had" action={<ToBoard />}>{sentence(error)}. It may have been opened in another installation. The board shows what is here.</Empty>;
  if (!live || !view) return <Skeleton />;
  return (
    <PodProvider value={view}>
      <article aria-label={live.title} data-testid="pod" data-revision={String(view.pod.revision)} className="@container flex min-h-full flex-col">
        <PodHeader beside={beside} />
        <TimeTravel live={live} at={at} />
        <PodTabs tab={tab} />
        <div className={`flex-1 px-4 py-4 ${travels ? "bg-wait-soft/40" : ""}`}><TabContent tab={tab} /></div>
      </article>
    </PodProvider>
  );
}

function Skeleton() {
  return (
    <div role="status" aria-label="Loading the pod" className="space-y-4 p-4">
      <div className="h-6 w-1/2 animate-pulse rounded bg-sunken" />
      <div className="h-9 animate-pulse rounded-lg bg-sunken" />
      <div className="h-40 animate-pulse rounded-lg bg-sunken" />
    </div>
  );
}
