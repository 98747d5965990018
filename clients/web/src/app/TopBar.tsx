import { Link } from "@tanstack/react-router";
import { Button } from "@/ui/Button";
import { Icon } from "@/ui/Icon";
import { IconButton } from "@/ui/IconButton";
import { Kbd } from "@/ui/Kbd";
import { ConnectionState } from "./ConnectionState";
import { openDialog } from "./dialogs";
import { Logo } from "./SignedOut";
import { toggleTheme } from "./theme";

/** `wide`: the page needs the navigation's room below 1280 px. */
export function TopBar({ wide, onMenu }: { wide: boolean; onMenu: () => void }) {
  return (
    <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line bg-surface px-3">
      <IconButton icon="list" label="Menu" className={wide ? "xl:hidden" : "md:hidden"} onClick={onMenu} />
      <Link to="/" aria-label="Podium: board" className="rounded-md px-1 text-[15px]"><Logo /></Link>
      <button type="button" onClick={() => openDialog("palette")}
        className="mx-auto hidden h-8 w-full max-w-md items-center gap-2 rounded-lg border border-line bg-sunken px-3 text-faint transition-colors hover:border-strong sm:flex">
        <Icon name="search" size={14} />
        <span className="flex-1 text-left">Find a pod, a project, an action…</span>
        <Kbd>Ctrl K</Kbd>
      </button>
      <div className="ml-auto flex items-center gap-1 sm:ml-0">
        <ConnectionState />
        <IconButton icon="search" label="Find" className="sm:hidden" onClick={() => openDialog("palette")} />
        <IconButton icon="sun" label="Light or dark" className="!hidden dark:!inline-flex" onClick={toggleTheme} />
        <IconButton icon="moon" label="Light or dark" className="dark:!hidden" onClick={toggleTheme} />
        <Button kind="primary" className="ml-1" onClick={() => openDialog("task")}>
          <Icon name="plus" size={14} />
          <span className="hidden sm:inline">New task</span><span className="sr-only sm:hidden">New task</span>
        </Button>
      </div>
    </header>
  );
}
