import ReactMarkdown from "react-markdown";
import remarkGfm from "remark-gfm";

export default function MarkdownRendered({ children }: { children: string }) {
  return (
    <div className="prose">
      <ReactMarkdown remarkPlugins={[remarkGfm]} skipHtml
        components={{
          a: ({ node: _node, ...rest }) => <a {...rest} target="_blank" rel="noreferrer noopener" />,
          img: ({ alt }) => <span>[{alt || "image"}]</span>,
          pre: ({ node: _node, ...rest }) => <pre tabIndex={0} {...rest} />,
        }}>
        {children}
      </ReactMarkdown>
    </div>
  );
}
