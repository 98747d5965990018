import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { openDialog } from "./dialogs";
import { enterRows, walk } from "./rows";
import { toggleTheme } from "./theme";

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** There Ctrl K is the shell's own; Ctrl Shift K opens the palette. */
const inTerminal = (target: EventTarget | null) => target instanceof HTMLElement && target.closest(".xterm") !== null;

/** How long `g` waits. */
const PATIENCE_MS = 1200;
/** Not 0, which is when the page began: its first keys would be taken for the second one. */
const NEVER = -Infinity;

/** Keys that work everywhere; `g` waits for the key after it. */
export function useShortcuts(): void {
  const navigate = useNavigate();
  useEffect(() => {
    let goes = NEVER;
    const onKey = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k" && !inTerminal(event.target)) {
        event.preventDefault();
        openDialog("palette");
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector("[role=dialog],[role=menu]")) return;
      if (event.key === "ArrowDown" && (event.target as HTMLElement).matches?.("[data-search]") && enterRows(event.target as HTMLElement)) event.preventDefault();
      if (typing(event.target)) return;
      if (event.timeStamp - goes < PATIENCE_MS) {
        goes = NEVER;
        if (event.key === "b") void navigate({ to: "/" });
        if (event.key === "i") void navigate({ to: "/inbox" });
        return;
      }
      if (event.key === "g") goes = event.timeStamp;
      else if (event.key === "c") open(event, "task");
      else if (event.key === "?") open(event, "help");
      else if (event.key === "t") toggleTheme();
      else if (event.key === "/") focusSearch(event);
      else if (walk(event.key, document.activeElement)) event.preventDefault();
    };
    const open = (event: KeyboardEvent, name: "task" | "help") => {
      event.preventDefault();
      openDialog(name);
    };
    const focusSearch = (event: KeyboardEvent) => {
      event.preventDefault();
      const field = document.querySelector<HTMLElement>("[data-search]");
      if (field) field.focus();
      else openDialog("palette");
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [navigate]);
}
