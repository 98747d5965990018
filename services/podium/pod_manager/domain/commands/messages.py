"""Commands: messages (requests of the same names in `pod_service.proto`, without pod and request id)."""

from dataclasses import dataclass

from podium.pod_manager.domain.conversation import Anchor
from podium.pod_manager.domain.kinds import MessageKind


@dataclass(frozen=True, slots=True)
class PostMessage:
    """Posts a message, or a reply in a thread."""

    kind: MessageKind
    content: str = ""
    thread_id: str = ""
    workstream_id: str = ""
    anchor: Anchor | None = None


@dataclass(frozen=True, slots=True)
class AskQuestion:
    """Asks a question; asking again under the same key returns the same question, or its answer."""

    content: str = ""
    options: tuple[str, ...] = ()
    blocking: bool = False
    question_key: str = ""
    workstream_id: str = ""
    permission_tool: str = ""


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    """Answers a question."""

    message_id: str = ""
    choice: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ResolveThread:
    """Marks a thread as done with."""

    thread_id: str = ""


@dataclass(frozen=True, slots=True)
class ReopenThread:
    """Opens a resolved thread."""

    thread_id: str = ""


@dataclass(frozen=True, slots=True)
class MarkInboxRead:
    """Marks inbox items as read."""

    item_ids: tuple[str, ...] = ()


MessageCommand = PostMessage | AskQuestion | AnswerQuestion | ResolveThread | ReopenThread | MarkInboxRead
