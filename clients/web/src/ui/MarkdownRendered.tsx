import ReactMarkdown from "react-markdown";
import remarkGfm from "remark-gfm";

export default function MarkdownRendered({ children }: { children: string }) {
  return (
    <div className="prose">
      <ReactMarkdown remarkPlugins={[remarkGfm]} skipHtml
        components={{
          // The page has its own first heading: those of a document stand below it.
          h1: ({ node: _node, ...rest }) => <h2 {...rest} />,
          h2: ({ node: _node, ...rest }) => <h3 {...rest} />,
          h3: ({ node: _node, ...rest }) => <h4 {...rest} />,
          a: ({ node: _node, ...rest }) => <a {...rest} target="_blank" rel="noreferrer noopener" />,
          img: ({ alt }) => <span>[{alt || "image"}]</span>,
          pre: ({ node: _node, ...rest }) => <pre tabIndex={0} {...rest} />,
        }}>
        {children}
      </ReactMarkdown>
    </div>
  );
}
