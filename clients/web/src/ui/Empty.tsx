import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";

/** Nothing here yet: says what this place is for, and what to do. `page`: it is all that the page has. */
export function Empty({ icon, title, children, action, page = false }: { icon: IconName; title: string; children?: ReactNode; action?: ReactNode; page?: boolean }) {
  const Title = page ? "h1" : "p";
  return (
    <div className="mx-auto flex max-w-sm flex-col items-center px-6 py-10 text-center">
      <span className="mb-3 flex size-10 items-center justify-center rounded-xl border border-line bg-surface text-faint"><Icon name={icon} size={20} /></span>
      <Title className="text-sm font-semibold">{title}</Title>
      {children && <div className="mt-1 text-muted">{children}</div>}
      {action && <div className="mt-4">{action}</div>}
    </div>
  );
}
