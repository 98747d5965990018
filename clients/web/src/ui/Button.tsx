import type { ComponentProps } from "react";

const KINDS = {
  primary: "bg-accent text-accent-ink border-transparent hover:brightness-110",
  plain: "bg-surface text-ink border-strong hover:bg-sunken",
  ghost: "bg-transparent text-muted border-transparent hover:bg-sunken hover:text-ink",
  danger: "bg-surface text-bad border-strong hover:bg-bad-soft",
} as const;

interface Props extends ComponentProps<"button"> {
  kind?: keyof typeof KINDS;
  small?: boolean;
}

export function Button({ kind = "plain", small = false, className = "", type = "button", ...rest }: Props) {
  const size = small ? "h-7 px-2.5 text-xs gap-1" : "h-8 px-3 gap-1.5";
  return (
    <button type={type} {...rest}
      className={`inline-flex shrink-0 items-center justify-center rounded-lg border font-medium whitespace-nowrap transition-colors disabled:opacity-55 ${size} ${KINDS[kind]} ${className}`} />
  );
}
