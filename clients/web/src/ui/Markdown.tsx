import { lazy, Suspense } from "react";

const Rendered = lazy(() => import("./MarkdownRendered"));

/** Markdown by agents and people: rendered without raw HTML; the plain text until the renderer has come. */
export function Markdown({ children }: { children: string }) {
  return (
    <Suspense fallback={<pre className="prose font-sans whitespace-pre-wrap">{children}</pre>}>
      <Rendered>{children}</Rendered>
    </Suspense>
  );
}
