import { Link } from "@tanstack/react-router";
import { Empty } from "@/ui/Empty";

export function NotFound() {
  return (
    <Empty icon="search" title="There is no such page">
      <Link to="/" className="text-accent-text underline">Back to the board</Link>
    </Empty>
  );
}
