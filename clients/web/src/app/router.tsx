import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { BoardPage } from "@/pages/board/BoardPage";
import { Broken } from "./Broken";
import { setNavigator } from "./go";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

export const TABS = ["overview", "spec", "plan", "work", "agents", "review", "events"] as const;
export type Tab = (typeof TABS)[number];

export interface PodSearch {
  tab?: Tab;
  /** The agent shown, in the agents' tab; the workstream shown, in work. */
  of?: string;
  /** Time travel: the revision shown. */
  at?: number;
  /** The document of the tab is being edited. */
  edit?: boolean;
}

export interface WorkspaceSearch extends PodSearch {
  task?: string;
  session?: string;
}

const podSearch = (raw: Record<string, unknown>): PodSearch => ({
  tab: TABS.find((tab) => tab === raw.tab),
  of: typeof raw.of === "string" ? raw.of : undefined,
  at: typeof raw.at === "number" && raw.at > 0 ? raw.at : undefined,
  edit: raw.edit === true ? true : undefined,
});

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const boardRoute = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: BoardPage,
  validateSearch: (raw: Record<string, unknown>): { project?: string } => ({ project: typeof raw.project === "string" ? raw.project : undefined }),
});
const inboxRoute = createRoute({ getParentRoute: () => root, path: "/inbox", component: lazyRouteComponent(() => import("@/pages/inbox/InboxPage"), "InboxPage") });
const workspaceRoute = createRoute({
  getParentRoute: () => root,
  path: "/project/$projectId",
  component: lazyRouteComponent(() => import("@/pages/workspace/WorkspacePage"), "WorkspacePage"),
  validateSearch: (raw: Record<string, unknown>): WorkspaceSearch => ({
    ...podSearch(raw),
    task: typeof raw.task === "string" ? raw.task : undefined,
    session: typeof raw.session === "string" ? raw.session : undefined,
  }),
});
const podRoute = createRoute({
  getParentRoute: () => root,
  path: "/pod/$podId",
  component: lazyRouteComponent(() => import("@/pages/pod/PodPage"), "PodPage"),
  validateSearch: podSearch,
});

export const router = createRouter({
  routeTree: root.addChildren([boardRoute, inboxRoute, workspaceRoute, podRoute]),
  defaultPreload: "intent",
  defaultErrorComponent: Broken,
});

setNavigator((place) => void router.navigate(place as never));

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
