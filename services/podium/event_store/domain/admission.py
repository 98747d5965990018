"""Who gets into a commit: appends are admitted one after another, against what is stored and what was admitted before.

The checks of one append run in the order duplicate, fence, revision; a refused one leaves no trace. Nothing here
touches storage: a log brings a `View`, and writes `rows` in one transaction.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, count, repeat
from typing import NoReturn, Protocol, TypeVar, cast

from podium.event_store.domain import wire
from podium.event_store.domain.model import (
    Append,
    Appended,
    Fence,
    Found,
    Outcome,
    Range,
    ShardRow,
    StoredEvent,
    StreamPart,
)
from podium.kernel.errors import Kind, Rejection, invalid

T = TypeVar("T")

_new = cast("Callable[[type[T], tuple[object, ...]], T]", tuple.__new__)


class View(Protocol):
    """What is committed, as the admission needs it."""

    def head(self, stream: str) -> int:
        """The stream's last revision; 0: none."""
        ...

    def find(self, event_id: bytes) -> Found | None:
        """The stored event of this id."""
        ...

    def shard(self, service: str, shard: int) -> ShardRow:
        """The shard's row."""
        ...


class Admission:
    """One commit in the making.

    With `trusting`, ids are not looked up for appends that pass the other checks: the log's unique index then is the
    one that finds a repeated id, and the log admits the same appends again without trust. That keeps the usual case,
    in which no id was ever seen, free of look-ups.
    """

    def __init__(self, view: View, position: int, time_us: int, *, trusting: bool) -> None:
        self._view = view
        self._position = position
        self._time = wire.encode_time(time_us)
        self._trusting = trusting
        self._ids: dict[bytes, StoredEvent] = {}
        self.heads: dict[str, int] = {}
        self.rows: list[StoredEvent] = []

    def admit(self, append: Append) -> Outcome:
        """Take the append in, or say why not."""
        try:
            if not self._trusting or self._seen(append):
                duplicate = self._duplicate(append)
                if duplicate is not None:
                    return duplicate
            try:
                if append.fence is not None:
                    check_fence(self._view, append.fence)
                for part in append.parts:
                    if part.expected_revision is not None:
                        self._check_revision(part, part.expected_revision)
            except Rejection:
                duplicate = self._duplicate(append) if self._trusting else None
                if duplicate is not None:
                    return duplicate
                raise
            return self._take(append)
        except Rejection as refusal:
            return refusal

    def _head(self, stream: str) -> int:
        head = self.heads.get(stream)
        return self._view.head(stream) if head is None else head

    def _check_revision(self, part: StreamPart, expected: int) -> None:
        actual = self._head(part.stream)
        if expected != actual:
            raise Rejection(
                Kind.ABORTED,
                "REVISION_CONFLICT",
                f"{part.stream} is at {actual}, not at {expected}",
                {"stream": part.stream, "expected": str(expected), "actual": str(actual)},
            )

    def _take(self, append: Append) -> Appended:
        parts = append.parts
        if len(parts) == 1 and len(parts[0].bodies) == 1:
            return self._take_one(parts[0])
        rows: list[StoredEvent] = []
        position, ranges = self._position, []
        for part in parts:
            stream, count = part.stream, len(part.bodies)
            head = self._head(stream)
            rows += self._assembled(position, head, part)
            position += count
            ranges.append(Range(stream, head + 1, head + count))
        fresh = dict(zip(chain.from_iterable(part.event_ids for part in parts), rows, strict=True))
        if len(fresh) != len(rows):
            raise invalid("appends", "the same event id twice in one append", "EVENT_ID_REUSED")
        self._ids.update(fresh)
        outcome = Appended(self._position + 1, position, ranges)
        for where in ranges:
            self.heads[where.stream] = where.last_revision
        self.rows += rows
        self._position = position
        return outcome

    def _take_one(self, part: StreamPart) -> Appended:
        """What `_take` does, for most of the appends."""
        stream, (event_id,), (event_type,), (body,), _ = part
        position, revision = self._position + 1, self._head(stream) + 1
        event = wire.assemble(position, wire.encode_stream(stream), revision, self._time, body)
        # As StoredEvent(…) and so on would, which cost twice as much.
        row = _new(StoredEvent, (position, stream, revision, event_id, event_type, event))
        self._ids[event_id] = row
        self.rows.append(row)
        self.heads[stream] = revision
        self._position = position
        return _new(Appended, (position, position, [_new(Range, (stream, revision, revision))], False))

    def _assembled(self, position: int, head: int, part: StreamPart) -> Iterator[StoredEvent]:
        """The rows behind a position and a head; without a step of the interpreter for each, since they may be many."""
        stream, ids, types, bodies, _ = part
        revisions = range(head + 1, head + 1 + len(bodies))
        events = map(
            b"".join,
            zip(
                repeat(b"\x08"),
                wire.varints(position + 1),
                repeat(wire.encode_stream(stream) + b"\x18"),
                wire.varints(head + 1),
                repeat(self._time),
                bodies,
            ),
        )
        columns = zip(count(position + 1), repeat(stream), revisions, ids, types, events)
        return map(_new, repeat(StoredEvent), columns)

    def _find(self, event_id: bytes) -> Found | None:
        row = self._ids.get(event_id)
        if row is not None:
            return Found(row.position, row.stream, row.revision, wire.digest(wire.body_of(row.event)))
        return self._view.find(event_id)

    def _seen(self, append: Append) -> bool:
        """Whether this commit has an event of the append already."""
        ids = self._ids
        if ids:
            for part in append.parts:
                if not ids.keys().isdisjoint(part.event_ids):
                    return True
        return False

    def _duplicate(self, append: Append) -> Appended | None:
        ranges: list[Range] = []
        positions: list[int] = []
        missing: bytes | None = None
        for part in append.parts:
            found = [self._find(event_id) for event_id in part.event_ids]
            for event_id, body, known in zip(part.event_ids, part.bodies, found, strict=True):
                if known is None:
                    missing = missing or event_id
                elif known.stream != part.stream or known.digest != wire.digest(body):
                    _refuse_reuse(event_id)
            revisions = [known.revision for known in found if known]
            positions += [known.position for known in found if known]
            if revisions:
                ranges.append(Range(part.stream, revisions[0], revisions[-1]))
            if revisions and revisions != list(range(revisions[0], revisions[0] + len(part.bodies))):
                _refuse_reuse(part.event_ids[0])
        if not positions:
            return None
        if missing is not None:
            _refuse_reuse(missing)
        return Appended(min(positions), max(positions), ranges, duplicate=True)


def _refuse_reuse(event_id: bytes) -> NoReturn:
    raise invalid(
        "appends",
        "an event of this id was stored with other content or in other company",
        "EVENT_ID_REUSED",
        event_id=event_id.hex(),
    )


def check_fence(view: View, fence: Fence) -> None:
    """Raises FENCED unless the fence carries the shard's current epoch."""
    row = view.shard(fence.service, fence.shard)
    if not row.owner or row.epoch != fence.epoch:
        raise Rejection(
            Kind.ABORTED,
            "FENCED",
            f"shard {fence.shard} of {fence.service} is at epoch {row.epoch}",
            {
                "service": fence.service,
                "shard": str(fence.shard),
                "epoch": str(fence.epoch),
                "current": str(row.epoch),
            },
        )


def admit_all(admission: Admission, appends: Sequence[Append]) -> list[Outcome]:
    """The outcomes in the appends' order."""
    return [admission.admit(append) for append in appends]
