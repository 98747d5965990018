import { Markdown } from "@/ui/Markdown";

export function DocumentBody({ children }: { children: string }) {
  return <div className="card px-6 py-5 sm:px-8 sm:py-6"><Markdown>{children}</Markdown></div>;
}
