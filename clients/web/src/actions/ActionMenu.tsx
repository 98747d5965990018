import * as Menu from "@radix-ui/react-dropdown-menu";
import { Icon } from "@/ui/Icon";
import { IconButton } from "@/ui/IconButton";
import type { Action } from "./action";
import { perform } from "./perform";

const ITEM = "flex h-8 cursor-pointer items-center gap-2.5 rounded-md px-2.5 outline-none data-highlighted:bg-sunken";

/** The actions of a thing, behind three dots. */
export function ActionMenu({ actions, label = "More", small = false }: { actions: readonly Action[]; label?: string; small?: boolean }) {
  if (actions.length === 0) return null;
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger asChild><IconButton icon="more" label={label} className={small ? "!size-7" : ""} /></Menu.Trigger>
      <Menu.Portal container={document.getElementById("main")}>
        <Menu.Content align="end" sideOffset={4} className="card z-40 max-h-[70vh] min-w-52 overflow-y-auto p-1 shadow-xl">
          {actions.map((action) => (
            <Menu.Item key={action.id} className={`${ITEM} ${action.danger ? "text-bad" : ""}`} onSelect={() => void perform(action)}>
              <Icon name={action.icon} size={14} className={action.danger ? "" : "text-faint"} />{action.text}
            </Menu.Item>
          ))}
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
