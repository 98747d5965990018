"""Folding: messages and the inbox."""

from typing import Any, assert_never

from podium.kernel.entity import Recorded
from podium.pod_manager.domain.conversation import Answer, Message
from podium.pod_manager.domain.copying import replace
from podium.pod_manager.domain.events.messages import (
    AnswerDelivered,
    InboxItemAdded,
    InboxItemCleared,
    InboxItemsRead,
    MessageEvent,
    MessagePosted,
    QuestionAnswered,
    ThreadReopened,
    ThreadResolved,
    ToolGranted,
)
from podium.pod_manager.domain.resources import Pod
from podium.pod_manager.domain.weights import of_message


def evolve(pod: Pod, event: MessageEvent, recorded: Recorded) -> Pod:
    """The pod after the event."""
    match event:
        case MessagePosted(message=message):
            return _put(pod, message)
        case QuestionAnswered(message_id=name, by=by, choice=choice, text=text):
            return _change(pod, name, answer=Answer(by, choice, text, recorded.time))
        case AnswerDelivered(message_id=name):
            answer = pod.messages[name].answer
            return _change(pod, name, answer=replace(answer, delivered=True)) if answer else pod
        case ToolGranted(grant=grant):
            return replace(pod, tool_grants=(*pod.tool_grants, grant))
        case ThreadResolved(thread_id=name):
            return _change(pod, name, resolved=True)
        case ThreadReopened(thread_id=name):
            return _change(pod, name, resolved=False)
        case InboxItemAdded(item=item):
            return replace(pod, inbox=pod.inbox.set(item.id, item))
        case InboxItemCleared(item_id=name):
            return replace(pod, inbox=pod.inbox.delete(name)) if name in pod.inbox else pod
        case InboxItemsRead(item_ids=names):
            inbox = pod.inbox
            for name in names:
                if name in inbox:
                    inbox = inbox.set(name, replace(inbox[name], read=True))
            return replace(pod, inbox=inbox)
        case _:
            assert_never(event)


def _change(pod: Pod, message_id: str, **values: Any) -> Pod:
    return _put(pod, replace(pod.messages[message_id], **values))


def _put(pod: Pod, message: Message) -> Pod:
    held = pod.held_bytes + of_message(message) - of_message(pod.messages.get(message.id))
    return replace(pod, messages=pod.messages.set(message.id, message), held_bytes=held)
