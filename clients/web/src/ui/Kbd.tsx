export function Kbd({ children }: { children: string }) {
  return <kbd className="rounded border border-line bg-sunken px-1 font-mono text-[10px] text-faint">{children}</kbd>;
}
