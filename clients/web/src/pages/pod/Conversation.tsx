import { useEffect, useState, type FormEvent, type ReactNode } from "react";
import { ActionMenu } from "@/actions/ActionMenu";
import { brief } from "@/actions/action";
import { threadActions } from "@/actions/threads";
import { MessageKind, type Message } from "@gen/podium/pods/v1/pod_pb";
import { ms } from "@/lib/time";
import { isFinished } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { Icon } from "@/ui/Icon";
import { Markdown } from "@/ui/Markdown";
import { Since } from "@/ui/Since";
import { useAction } from "@/ui/useAction";
import { usePodView } from "./PodContext";

const KINDS: Record<number, string> = { [MessageKind.QUESTION]: "Question", [MessageKind.BLOCKER]: "Blocker", [MessageKind.REVIEW_COMMENT]: "Review" };

const isFirst = (message: Message) => !message.threadId || message.threadId === message.id;

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
      <ul className="space-y-3">
        {messages.filter((each) => isFirst(each)).map((first) => <Thread key={first.id} first={first} replies={messages.filter((each) => !isFirst(each) && each.threadId === first.id)} />)}
      </ul>
      {!past && !isFinished(pod.phase) && (
        <form onSubmit={submit} className="mt-3 flex items-end gap-2">
          <textarea aria-label="Say something to the pod" rows={1} className="field min-h-8 resize-y" placeholder="Say something…" value={text} onChange={(event) => setText(event.target.value)} />
          <Button type="submit" disabled={busy || !text.trim()}>Post</Button>
        </form>
      )}
    </section>
  );
}

/** A message; the first of a thread has its replies under it, and is folded when the thread is done with. */
function Thread({ first, replies }: { first: Message; replies: readonly Message[] }) {
  const { pod, past } = usePodView();
  const [open, setOpen] = useState(!first.resolved);
  useEffect(() => setOpen(!first.resolved), [first.resolved]);
  const actions = past || isFinished(pod.phase) ? [] : threadActions(pod, first);
  if (!open) {
    return (
      <li className="flex items-center gap-2 text-faint">
        <Icon name="check" size={14} className="text-good" />
        <button type="button" aria-expanded="false" onClick={() => setOpen(true)} className="min-w-0 flex-1 truncate text-left hover:text-ink">{brief(first.content, 90)}</button>
        <span>resolved</span>
      </li>
    );
  }
  return (
    <li className="group border-l-2 border-line pl-3">
      <Said message={first} menu={<ActionMenu small label={`About “${brief(first.content, 30)}”`} actions={actions} />} />
      {replies.length > 0 && <ul className="mt-2 space-y-2 border-l border-line pl-3">{replies.map((each) => <li key={each.id}><Said message={each} /></li>)}</ul>}
    </li>
  );
}

function Said({ message, menu }: { message: Message; menu?: ReactNode }) {
  return (
    <>
      <div className="flex flex-wrap items-center gap-2 text-faint">
        <span className="font-medium text-muted">{message.author.replace(/^user:/, "")}</span>
        {KINDS[message.kind] && <Chip tone={message.kind === MessageKind.BLOCKER ? "bad" : "wait"}>{KINDS[message.kind]}</Chip>}
        {message.workstreamId && <span>{message.workstreamId}</span>}
        <Since time={message.postedTime} />
        {message.resolved && <Chip tone="good">Resolved</Chip>}
        <span className="-my-1 ml-auto">{menu}</span>
      </div>
      <Markdown>{message.content}</Markdown>
      {message.answer && (
        <p className="mt-1 rounded-md bg-sunken px-2.5 py-1.5">
          <span className="text-faint">{message.answer.by.replace(/^user:/, "")} answered: </span>
          {message.answer.choice}{message.answer.choice && message.answer.text && ": "}{message.answer.text}
        </p>
      )}
    </>
  );
}
