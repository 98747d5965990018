import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";

/** Nothing here yet: says what this place is for, and what to do. */
export function Empty({ icon, title, children, action }: { icon: IconName; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-sm flex-col items-center px-6 py-10 text-center">
      <span className="mb-3 flex size-10 items-center justify-center rounded-xl border border-line bg-surface text-faint"><Icon name={icon} size={20} /></span>
      <p className="text-sm font-semibold">{title}</p>
      {children && <div className="mt-1 text-muted">{children}</div>}
      {action && <div className="mt-4">{action}</div>}
    </div>
  );
}
