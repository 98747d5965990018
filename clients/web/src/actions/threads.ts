import { MessageKind, type Message, type Pod } from "@gen/podium/pods/v1/pod_pb";
import { podActions } from "@/api/podActions";
import { ask } from "@/ui/form";
import { brief, type Action } from "./action";

const isFirst = (message: Message) => message.threadId === message.id || !message.threadId;

/** What can be done with one thread of the conversation. */
export function threadActions(pod: Pod, first: Message): Action[] {
  const act = podActions(pod.podId);
  const text = brief(first.content, 36);
  const reply: Action = { id: `reply-${first.id}`, rpc: "PodService.PostMessage", text: `Reply to “${text}”…`, icon: "chat", run: () => ask({
    title: "Reply", description: brief(first.content, 120), verb: "Post", fields: [{ kind: "text", name: "text", label: "Reply", required: true }],
    act: ({ text: words = "" }) => act.post(words.trim(), first.id),
  }) };
  const resolve: Action = first.resolved
    ? { id: `reopen-${first.id}`, rpc: "PodService.ReopenThread", text: `Reopen “${text}”`, icon: "history", run: () => act.reopenThread(first.id) }
    : { id: `resolve-${first.id}`, rpc: "PodService.ResolveThread", text: `Resolve “${text}”`, icon: "check", run: () => act.resolveThread(first.id) };
  // A question is done with by its answer.
  return first.kind === MessageKind.QUESTION && !first.answer ? [reply] : [reply, resolve];
}

export function conversationActions(pod: Pod): Action[] {
  const act = podActions(pod.podId);
  const actions: Action[] = [
    { id: "post", rpc: "PodService.PostMessage", text: "Say something to the pod…", icon: "chat", run: () => ask({
      title: "Say something", verb: "Post", description: "The next agents read it.", fields: [{ kind: "text", name: "text", label: "Message", required: true }],
      act: ({ text = "" }) => act.post(text.trim()),
    }) },
    { id: "ask", rpc: "PodService.AskQuestion", text: "Ask a question in the pod…", icon: "chat", run: () => ask({
      title: "Ask a question", verb: "Ask", description: "It stands in everybody's inbox until somebody answers.",
      fields: [{ kind: "text", name: "text", label: "Question", required: true }, { kind: "text", name: "options", label: "Answers to choose from, one a line (optional)", rows: 3 }],
      act: ({ text = "", options = "" }) => act.ask(text.trim(), options.split("\n").map((each) => each.trim()).filter(Boolean)),
    }) },
  ];
  const unread = pod.inbox.filter((item) => !item.read).map((item) => item.id);
  if (unread.length > 0) actions.push({ id: "read", rpc: "PodService.MarkInboxRead", text: "Mark everything as read", icon: "check", run: () => act.markRead(unread) });
  for (const message of pod.messages) {
    if (message.kind === MessageKind.QUESTION && !message.answer) actions.push(answer(pod, message));
    if (isFirst(message)) actions.push(...threadActions(pod, message));
  }
  return actions;
}

function answer(pod: Pod, message: Message): Action {
  const options = message.options.map((option) => [option, option] as const);
  return { id: `answer-${message.id}`, rpc: "PodService.AnswerQuestion", text: `Answer “${brief(message.content, 36)}”…`, icon: "chat", run: () => ask({
    title: "Answer", verb: "Answer", done: "Answered", description: brief(message.content, 300),
    fields: [
      ...(options.length ? [{ kind: "choice" as const, name: "choice", label: "Answer", initial: options[0]?.[0], options }] : []),
      { kind: "text", name: "text", label: options.length ? "A word (optional)" : "Answer", required: options.length === 0 },
    ],
    act: ({ choice = "", text = "" }) => podActions(pod.podId).answer(message.id, choice, text.trim()),
  }) };
}
