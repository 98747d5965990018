import { useQuery } from "@tanstack/react-query";
import { ActionMenu } from "@/actions/ActionMenu";
import type { Action } from "@/actions/action";
import { wholePodActions } from "@/actions/pod";
import { newWorkstream } from "@/actions/workstreams";
import { profiles } from "@/api/queries";
import { usePodView } from "./PodContext";

export function PodMenu({ more }: { more: readonly Action[] }) {
  const { pod } = usePodView();
  const { data: agents } = useQuery(profiles);
  return <ActionMenu actions={[...newWorkstream(pod), ...wholePodActions(pod, agents ?? []), ...more]} />;
}
