import { Link } from "@tanstack/react-router";
import { Empty } from "@/ui/Empty";

export function NotFound() {
  return (
    <Empty page icon="search" title="There is no such page" action={<ToBoard />}>
      The address may be mistyped, or of a later version.
    </Empty>
  );
}

export const ToBoard = () => <Link to="/" className="inline-flex h-8 items-center rounded-lg border border-strong bg-surface px-3 font-medium hover:bg-sunken">To the board</Link>;
