import * as Menu from "@radix-ui/react-dropdown-menu";
import { useState } from "react";
import { IconButton } from "@/ui/IconButton";
import { ReasonModal } from "./ReasonModal";
import { usePodSearch } from "./usePodSearch";
import { usePodView } from "./PodContext";
import { num } from "@/lib/numbers";

const ITEM = "flex h-8 cursor-pointer items-center rounded-md px-2.5 outline-none data-highlighted:bg-sunken";

export function PodMenu() {
  const { pod, actions } = usePodView();
  const [, setSearch] = usePodSearch();
  const [cancelling, setCancelling] = useState(false);
  return (
    <>
      <Menu.Root modal={false}>
        <Menu.Trigger asChild><IconButton icon="more" label="More" /></Menu.Trigger>
        <Menu.Portal>
          <Menu.Content align="end" sideOffset={4} className="card z-40 min-w-48 p-1 shadow-xl">
            <Menu.Item className={ITEM} onSelect={() => setSearch({ at: Math.max(1, num(pod.revision) - 1) })}>Look at its history</Menu.Item>
            <Menu.Item className={ITEM} onSelect={() => void actions.evaluate()}>Let the scheduler look now</Menu.Item>
            <Menu.Item className={`${ITEM} text-bad`} onSelect={() => setCancelling(true)}>Cancel this pod…</Menu.Item>
          </Menu.Content>
        </Menu.Portal>
      </Menu.Root>
      <ReasonModal open={cancelling} onClose={() => setCancelling(false)} title="Cancel this pod?" verb="Cancel the pod" danger
        description="Its agents are interrupted and its workspaces given back. The history stays." placeholder="Why (for the record)"
        act={(reason) => actions.cancel(reason)} />
    </>
  );
}
