import { Outlet } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { watchBoard } from "@/store/boardStore";
import { Toasts } from "@/ui/Toasts";
import { CommandPalette } from "./CommandPalette";
import { closeDialog, useDialog } from "./dialogs";
import { Navigation } from "./Navigation";
import { NewProject } from "./NewProject";
import { NewTask } from "./NewTask";
import { Shortcuts } from "./Shortcuts";
import { TopBar } from "./TopBar";
import { useNotifications } from "./useNotifications";
import { useShortcuts } from "./useShortcuts";

/** The frame of every page: navigation, the state of the connection, and what can be opened from anywhere. */
export function Shell() {
  const dialog = useDialog();
  const [menu, setMenu] = useState(false);
  useEffect(watchBoard, []);
  useShortcuts();
  useNotifications();
  return (
    <div className="flex h-full flex-col">
      <a href="#main" className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded focus:bg-surface focus:p-2">Skip to content</a>
      <TopBar onMenu={() => setMenu(!menu)} />
      <div className="flex min-h-0 flex-1">
        <Navigation open={menu} onNavigate={() => setMenu(false)} />
        <main id="main" tabIndex={-1} className="min-w-0 flex-1 overflow-y-auto focus:outline-none">
          <Outlet />
        </main>
      </div>
      <CommandPalette open={dialog === "palette"} onClose={closeDialog} />
      <NewTask open={dialog === "task"} onClose={closeDialog} />
      <NewProject open={dialog === "project"} onClose={closeDialog} />
      <Shortcuts open={dialog === "help"} onClose={closeDialog} />
      <Toasts />
    </div>
  );
}
