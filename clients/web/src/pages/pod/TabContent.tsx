import { lazy, Suspense } from "react";
import type { Tab } from "@/app/router";
import { Overview } from "./Overview";
import { PlanTab } from "./documents/PlanTab";
import { SpecTab } from "./documents/SpecTab";
import { AgentsTab } from "./agents/AgentsTab";
import { WorkTab } from "./work/WorkTab";

const ReviewTab = lazy(() => import("./review/ReviewTab").then((module) => ({ default: module.ReviewTab })));
const EventsTab = lazy(() => import("./events/EventsTab").then((module) => ({ default: module.EventsTab })));

const TABS: Record<Tab, React.ComponentType> = { overview: Overview, spec: SpecTab, plan: PlanTab, work: WorkTab, agents: AgentsTab, review: ReviewTab, events: EventsTab };

export function TabContent({ tab }: { tab: Tab }) {
  const Content = TABS[tab];
  return <Suspense fallback={<p role="status" className="text-faint">Loading…</p>}><Content /></Suspense>;
}
