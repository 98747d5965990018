"""A project's watch on the wire: what the engine shows, as encoded messages, each encoded once for all watchers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from podium.chassis.codec import StructuralCodec
from podium.chassis.engine import Bookmark, Change, Snapshot, WatchItem
from podium.kernel.entity import Recorded
from podium.maestro.domain.domain import PROJECT_KEY, RESET_KEY, SESSIONS, TASKS
from podium.maestro.domain.facts import ChangeRecorded
from podium.maestro.domain.model import Session, Task
from podium.maestro.domain.state import Board
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1 import task_pb2

PART_BYTES = 256 << 10
"""A message of the watch is about this long at most; what is longer comes in parts."""

_KEY = "watch"


class Renderer:
    """Encodes what `Engine.watch` yields."""

    def __init__(self, codec: StructuralCodec) -> None:
        self._encode: Callable[[object], Any] = codec.to_proto

    def render(self, item: WatchItem[Board]) -> Iterable[bytes]:
        """The messages of an item, in order."""
        if isinstance(item, Change):
            if _KEY not in item.rendered:
                item.rendered[_KEY] = [part.SerializeToString() for part in self._change(item)]
            rendered: list[bytes] = item.rendered[_KEY]
            return rendered
        if isinstance(item, Bookmark):
            return (_bookmark(item.revision),)
        return (part.SerializeToString() for part in self._snapshot(item))

    # -- snapshots -------------------------------------------------------------------------------------------

    def _snapshot(self, item: Snapshot[Board]) -> Iterator[pb.WatchProjectResponse]:
        state = item.state.state
        part = pb.WatchProjectResponse(snapshot=pb.ProjectSnapshot(revision=item.revision))
        if state.project is not None:
            part.snapshot.project.CopyFrom(self._encode(state.project))
        size = 0
        for entity in (*state.tasks.values(), *state.sessions.values()):
            size += self._add(part.snapshot, entity)
            if size > PART_BYTES:
                yield part
                part = pb.WatchProjectResponse(snapshot=pb.ProjectSnapshot(revision=item.revision))
                size = 0
        yield part

    # -- changes ---------------------------------------------------------------------------------------------

    def _change(self, change: Change[Board]) -> Iterator[pb.WatchProjectResponse]:
        """One message, or several of which all but the last are `partial`."""
        part = self._empty(change)
        part.change.events.extend(self._event(recorded) for recorded in change.recorded)
        self._add_project(part.change, change)
        size = 0
        for entity in _touched(change):
            if size > PART_BYTES:
                part.change.partial = True
                yield part
                part, size = self._empty(change), 0
            size += self._add(part.change, entity)
        yield part

    def _empty(self, change: Change[Board]) -> pb.WatchProjectResponse:
        return pb.WatchProjectResponse(
            change=pb.ProjectChange(
                from_revision=change.from_revision, to_revision=change.to_revision, conflated=change.conflated
            )
        )

    def _event(self, recorded: Recorded) -> pb.ProjectEvent:
        assert isinstance(recorded.event, ChangeRecorded)
        event = pb.ProjectEvent(
            revision=recorded.revision,
            actor=recorded.actor,
            request_id=recorded.request_id,
            members=[self._encode(member) for member in recorded.event.members],
        )
        event.time.FromDatetime(recorded.time)
        return event

    def _add_project(self, message: pb.ProjectChange, change: Change[Board]) -> None:
        state = change.state.state
        message.reset = RESET_KEY in change.touched
        if PROJECT_KEY in change.touched and state.project is not None:
            message.project.CopyFrom(self._encode(state.project))
        if message.reset:
            return
        gone = {TASKS: message.removed_tasks, SESSIONS: message.removed_sessions}
        kept: Mapping[str, Any] = {TASKS: state.tasks, SESSIONS: state.sessions}
        for collection, entity_id in sorted(change.touched):
            if collection in gone and entity_id not in kept[collection]:
                gone[collection].append(entity_id)

    def _add(self, message: pb.ProjectChange | pb.ProjectSnapshot, entity: Task | Session) -> int:
        encoded = self._encode(entity)
        if isinstance(encoded, task_pb2.Task):
            message.tasks.append(encoded)
        else:
            message.sessions.append(encoded)
        size: int = encoded.ByteSize()
        return size


def _touched(change: Change[Board]) -> Iterator[Task | Session]:
    """The entities to send whole: those that changed; after a reset everything there is."""
    state = change.state.state
    if RESET_KEY in change.touched:
        yield from state.tasks.values()
        yield from state.sessions.values()
        return
    for collection, entity_id in sorted(change.touched):
        entity: Task | Session | None = None
        if collection == TASKS:
            entity = state.tasks.get(entity_id)
        elif collection == SESSIONS:
            entity = state.sessions.get(entity_id)
        if entity is not None:
            yield entity


def _bookmark(revision: int) -> bytes:
    return pb.WatchProjectResponse(bookmark=pb.ProjectBookmark(revision=revision)).SerializeToString()
