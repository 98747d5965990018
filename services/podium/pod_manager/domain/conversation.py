"""What people and agents say to each other, and what wants a person; meanings stand in `pod.proto`."""

from dataclasses import dataclass
from datetime import datetime

from podium.pod_manager.domain.kinds import InboxReason, MessageKind


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a message points."""

    document: str = ""
    first_line: int = 0
    last_line: int = 0
    quoted_text: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a question."""

    by: str = ""
    choice: str = ""
    text: str = ""
    answered_time: datetime | None = None
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message in the pod."""

    kind: MessageKind
    id: str = ""
    author: str = ""
    content: str = ""
    thread_id: str = ""
    workstream_id: str = ""
    options: tuple[str, ...] = ()
    blocking: bool = False
    question_key: str = ""
    answer: Answer | None = None
    anchor: Anchor | None = None
    resolved: bool = False
    posted_time: datetime | None = None
    permission_tool: str = ""


@dataclass(frozen=True, slots=True)
class InboxItem:
    """Something that wants a person."""

    reason: InboxReason
    id: str = ""
    subject: str = ""
    text: str = ""
    read: bool = False
    created_time: datetime | None = None
    version: int = 0
