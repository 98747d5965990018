"""Facts: messages (see `pod_events.proto`)."""

from dataclasses import dataclass

from podium.pod_manager.domain.conversation import InboxItem, Message
from podium.pod_manager.domain.policy import ToolGrant


@dataclass(frozen=True, slots=True)
class MessagePosted:
    """A message was posted, or a question asked."""

    message: Message


@dataclass(frozen=True, slots=True)
class QuestionAnswered:
    """A question was answered."""

    message_id: str = ""
    by: str = ""
    choice: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class AnswerDelivered:
    """The answer reached the asking agent."""

    message_id: str = ""
    agent_id: str = ""


@dataclass(frozen=True, slots=True)
class ToolGranted:
    """A tool was allowed for good, for agents of a profile."""

    grant: ToolGrant


@dataclass(frozen=True, slots=True)
class ThreadResolved:
    """A thread was marked as done with."""

    thread_id: str = ""


@dataclass(frozen=True, slots=True)
class ThreadReopened:
    """A resolved thread was opened again."""

    thread_id: str = ""


@dataclass(frozen=True, slots=True)
class InboxItemAdded:
    """Something wants a person; replaces an item of the same id."""

    item: InboxItem


@dataclass(frozen=True, slots=True)
class InboxItemCleared:
    """What wanted a person is settled."""

    item_id: str = ""


@dataclass(frozen=True, slots=True)
class InboxItemsRead:
    """A person has seen items."""

    item_ids: tuple[str, ...] = ()


MessageEvent = (
    MessagePosted
    | QuestionAnswered
    | AnswerDelivered
    | ToolGranted
    | ThreadResolved
    | ThreadReopened
    | InboxItemAdded
    | InboxItemCleared
    | InboxItemsRead
)
