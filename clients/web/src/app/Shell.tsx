import { Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { watchBoard } from "@/store/boardStore";
import { useProjectsFeed } from "@/store/projectsFeed";
import { useForm } from "@/ui/form";
import { Toasts } from "@/ui/Toasts";
import { useDialog } from "./dialogs";
import { Navigation } from "./Navigation";
import { TopBar } from "./TopBar";
import { useNotifications } from "./useNotifications";
import { useShortcuts } from "./useShortcuts";

// Not part of the first load; fetched right after it, so that a key finds it there.
const load = () => import("./Dialogs");
const Dialogs = lazy(load);

/** The frame of every page: navigation, the state of the connection, and what can be opened from anywhere. */
export function Shell() {
  const dialog = useDialog();
  const form = useForm();
  const panes = useRouterState({ select: (state) => state.location.pathname.startsWith("/project/") });
  const [menu, setMenu] = useState(false);
  useEffect(watchBoard, []);
  useEffect(() => {
    const timer = setTimeout(() => {
      // Where the gateway is away just now, they are fetched when they are needed.
      for (const part of [load(), import("@/ui/MarkdownRendered")]) part.catch(() => undefined);
    }, 300);
    return () => clearTimeout(timer);
  }, []);
  useShortcuts();
  useNotifications();
  useProjectsFeed();
  return (
    <div className="flex h-full flex-col">
      <a href="#main" className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded focus:bg-surface focus:p-2">Skip to content</a>
      <TopBar wide={panes} onMenu={() => setMenu(!menu)} />
      <div className="flex min-h-0 flex-1">
        <Navigation wide={panes} open={menu} onNavigate={() => setMenu(false)} />
        <main id="main" tabIndex={-1} className="min-w-0 flex-1 overflow-y-auto focus:outline-none">
          <Outlet />
        </main>
      </div>
      {(dialog || form) && <Suspense><Dialogs dialog={dialog} form={form} /></Suspense>}
      <Toasts />
    </div>
  );
}
