import { useState, type FormEvent } from "react";
import { MessageKind, type Message } from "@gen/podium/pods/v1/pod_pb";
import { ms } from "@/lib/time";
import { isFinished } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { Markdown } from "@/ui/Markdown";
import { Since } from "@/ui/Since";
import { useAction } from "@/ui/useAction";
import { usePodView } from "./PodContext";

const KINDS: Record<number, string> = { [MessageKind.QUESTION]: "Question", [MessageKind.BLOCKER]: "Blocker", [MessageKind.REVIEW_COMMENT]: "Review" };

/** What was said in the pod, by people and agents. */
export function Conversation() {
  const { pod, actions, past } = usePodView();
  const [text, setText] = useState("");
  const [busy, run] = useAction();
  const messages = [...pod.messages].sort((a, b) => ms(a.postedTime) - ms(b.postedTime));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await run(() => actions.post(text.trim()))) setText("");
  };
  return (
    <section className="card p-4">
      <h2 className="mb-2 font-semibold">Conversation</h2>
      {messages.length === 0 && <p className="text-faint">Nothing said yet. Agents ask here; what you write, the next agents read.</p>}
      <ul className="space-y-3">{messages.map((message) => <Entry key={message.id} message={message} />)}</ul>
      {!past && !isFinished(pod.phase) && (
        <form onSubmit={submit} className="mt-3 flex items-end gap-2">
          <textarea aria-label="Say something to the pod" rows={1} className="field min-h-8 resize-y" placeholder="Say something…" value={text} onChange={(event) => setText(event.target.value)} />
          <Button type="submit" disabled={busy || !text.trim()}>Post</Button>
        </form>
      )}
    </section>
  );
}

function Entry({ message }: { message: Message }) {
  return (
    <li className="border-l-2 border-line pl-3">
      <p className="flex flex-wrap items-center gap-2 text-faint">
        <span className="font-medium text-muted">{message.author.replace(/^user:/, "")}</span>
        {KINDS[message.kind] && <Chip tone={message.kind === MessageKind.BLOCKER ? "bad" : "wait"}>{KINDS[message.kind]}</Chip>}
        {message.workstreamId && <span>{message.workstreamId}</span>}
        <Since time={message.postedTime} />
      </p>
      <Markdown>{message.content}</Markdown>
      {message.answer && (
        <p className="mt-1 rounded-md bg-sunken px-2.5 py-1.5">
          <span className="text-faint">{message.answer.by.replace(/^user:/, "")} answered: </span>
          {message.answer.choice}{message.answer.choice && message.answer.text && ": "}{message.answer.text}
        </p>
      )}
    </li>
  );
}
