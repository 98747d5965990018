import { useState, type FormEvent } from "react";
import type { Message } from "@gen/podium/pods/v1/pod_pb";
import { podActions } from "@/api/podActions";
import { Button } from "@/ui/Button";
import { Markdown } from "@/ui/Markdown";
import { useAction } from "@/ui/useAction";
import type { DecisionProps } from "../Decisions";
import { DecisionHead } from "./DecisionHead";

/** An agent asks: its options as buttons, or words. */
export function Question({ pod, item, message }: DecisionProps & { message: Message }) {
  const [text, setText] = useState("");
  const [busy, run] = useAction();
  const actions = podActions(pod.podId);
  const answer = (choice: string) => void run(() => actions.answer(message.id, choice, text.trim()), "Answered");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    answer("");
  };
  return (
    <div className="space-y-3">
      <DecisionHead item={item}>{message.permissionTool ? `May it use ${message.permissionTool}?` : message.workstreamId ? `${message.workstreamId} asks` : "An agent asks"}</DecisionHead>
      <Markdown>{message.content}</Markdown>
      <form onSubmit={submit} className="space-y-2">
        <textarea aria-label="Your answer" rows={message.options.length ? 1 : 2} className="field" value={text} onChange={(event) => setText(event.target.value)}
          placeholder={message.options.length ? "Add a word (optional)" : "Your answer"} />
        <div className="flex flex-wrap gap-2">
          {message.options.map((option, index) => (
            <Button key={option} kind={index === 0 ? "primary" : "plain"} disabled={busy} onClick={() => answer(option)}>{option}</Button>
          ))}
          {message.options.length === 0 && <Button kind="primary" type="submit" disabled={busy || !text.trim()}>Answer</Button>}
        </div>
      </form>
    </div>
  );
}
