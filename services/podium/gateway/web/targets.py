"""What can be watched: how each kind of target is opened, where it can be resumed, what its items look like."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from podium.client.connection import Podium
from podium.events.v1.event_service_pb2 import SubscribeRequest
from podium.gateway.web.terminals import terminal_calls
from podium.gateway.web.transcripts import part_of, stream_of
from podium.kernel.errors import invalid
from podium.web.v1 import web_service_pb2 as pb


@dataclass(frozen=True, slots=True)
class Source:
    """A stream that can be opened after a cursor. `item` is the field of WatchResponse that its items go into."""

    item: str
    open: Callable[[int | None], AsyncIterator[Any]]
    cursor_of: Callable[[Any], int | None]
    start: int | None
    render: Callable[[Any], Any]
    """The message of the field."""
    is_last: Callable[[Any], bool] = lambda _: False
    """The target is over with this item."""


def source_of(target: pb.WatchTarget, client: Podium) -> Source:
    """The source of a target, called as the client's identity. Raises Rejection where the target names nothing."""
    match target.WhichOneof("what"):
        case "board":
            return _resumable(target.board, "board", "after_position", client.pods.WatchPods, _board_cursor)
        case "pod":
            return _resumable(target.pod, "pod", "after_revision", client.pods.WatchPod, _pod_cursor)
        case "project":
            return _resumable(target.project, "project", "after_revision", client.maestro.WatchProject, _project_cursor)
        case "transcript":
            return _transcript(target.transcript, client)
        case "terminal":
            calls = terminal_calls(target.terminal, client)
            return Source("terminal", calls.open, calls.reached, None, lambda message: message, calls.is_over)
    raise invalid("targets", f"{target.target_id} names nothing to watch")


def _resumable(
    request: Any, item: str, resume_field: str, method: Any, cursor_of: Callable[[Any], int | None]
) -> Source:
    """A watch of a service, whose request carries the resume point.

    Opened `once`: whoever follows it opens it again, and tells the tab of every loss.
    """

    def open_call(cursor: int | None) -> AsyncIterator[Any]:
        wanted = type(request)()
        wanted.CopyFrom(request)
        if cursor is not None:
            setattr(wanted, resume_field, cursor)
        return aiter(method(wanted, once=True))

    start = getattr(request, resume_field) if request.HasField(resume_field) else None
    return Source(item, open_call, cursor_of, start, lambda message: message)


def _transcript(target: pb.TranscriptTarget, client: Podium) -> Source:
    stream = stream_of(target.session_id)
    subscribe: Any = client.event_store.Subscribe

    def open_call(cursor: int | None) -> AsyncIterator[Any]:
        return aiter(subscribe(SubscribeRequest(stream=stream, after=cursor), once=True))

    start = target.after_revision if target.HasField("after_revision") else None
    return Source("transcript", open_call, lambda item: part_of(item).revision or None, start, part_of)


def _board_cursor(item: Any) -> int | None:
    """Only a complete step: before that a loss begins anew."""
    return item.position if item.synced else None


def _pod_cursor(item: Any) -> int | None:
    match item.WhichOneof("item"):
        case "snapshot":
            return int(item.snapshot.revision)
        case "bookmark":
            return int(item.bookmark.revision)
        case "change":
            return int(item.change.to_revision)
    return None


def _project_cursor(item: Any) -> int | None:
    """Not a snapshot's part, nor a change's: they are complete only with what follows."""
    match item.WhichOneof("item"):
        case "bookmark":
            return int(item.bookmark.revision)
        case "change":
            return None if item.change.partial else int(item.change.to_revision)
    return None
