"""The appends of a connection that wait for their answers, and which of them go into the next message."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from podium.client.errors import FieldViolation, PodiumError, make_error
from podium.events.v1.event_pb2 import StreamAppend
from podium.events.v1.event_service_pb2 import AppendResponse

MAX_PENDING = 10_000
MAX_PENDING_BYTES = 64 << 20
APPENDS_PER_MESSAGE = 1000
BYTES_PER_MESSAGE = 3 << 20
"""A message with several appends holds so much at most; a single append may be longer."""

MESSAGES_UNDER_WAY = 2
"""While so many wait for their answers, what comes gathers for the next one: many rows then cost one call."""
LEAST_SHARE = 8
LEAST_SHARE_BYTES = 32 << 10
"""A message takes no more than its share of all that waits for answers, but so much at any time: without a share one
message would carry nearly everything, and client, store and disk would wait for each other instead of working in turn.
"""
GATHERED_APPENDS = 16
"""So many are worth a message of their own while another one is under way: a message costs what several appends do."""

MAX_APPEND_BYTES = 7 << 20
"""The store refuses appends over 4 MiB; those over this would not even get there (a message is 8 MiB at most)."""


@dataclass(slots=True, eq=False)
class _Message:
    """A message under way, and how many of its appends wait for their answers."""

    unanswered: int = 0


@dataclass(slots=True, eq=False)
class Pending:
    """An append that waits: its number on the stream, its encoded element of a message, who hears of its outcome.

    `deadline` in the event loop's time. `refusal` is why the store would not have it yet.
    """

    number: int
    appends: Sequence[StreamAppend]
    data: bytes
    future: "asyncio.Future[AppendResponse]"
    deadline: float
    refusal: PodiumError | None = None
    message: _Message | None = None


class Outbox:
    """What waits, in the order of the calls. `on_room` is called whenever another message may go."""

    def __init__(self, on_room: Callable[[], None]) -> None:
        self._on_room = on_room
        self._pending: dict[int, Pending] = {}
        self._queue: deque[Pending] = deque()
        self._under_way = 0
        self._bytes = 0

    def __bool__(self) -> bool:
        """Whether anything waits for its answer, sent or not."""
        return bool(self._pending)

    @property
    def waiting(self) -> Iterable[Pending]:
        """All that have no answer yet."""
        return self._pending.values()

    @property
    def unsent(self) -> int:
        """How many are in no message yet."""
        return len(self._queue)

    def check(self, size: int) -> None:
        """Whether an append of so many bytes may come in: raises INVALID_FIELD or TOO_MANY_REQUESTS."""
        if size > MAX_APPEND_BYTES:
            text = f"at most {MAX_APPEND_BYTES} bytes in an append"
            wrong = FieldViolation("appends", text)
            raise make_error("INVALID_ARGUMENT", "INVALID_FIELD", f"appends: {text}", violations=(wrong,))
        if self._pending and (len(self._pending) >= MAX_PENDING or self._bytes + size > MAX_PENDING_BYTES):
            raise make_error("RESOURCE_EXHAUSTED", "TOO_MANY_REQUESTS", "too many appends wait for the event store")

    def put(self, pending: Pending) -> None:
        """It waits from now on."""
        self._pending[pending.number] = pending
        self._bytes += len(pending.data)
        self._queue.append(pending)
        if self.has_room():
            self._on_room()

    def get(self, number: int) -> Pending | None:
        """The one of this number, unless nobody waits for it any more."""
        return self._pending.get(number)

    def forget(self, pending: Pending) -> None:
        """Nobody waits for it any more."""
        if self._pending.pop(pending.number, None) is not None:
            self._bytes -= len(pending.data)
            self.answered(pending)

    def answered(self, pending: Pending) -> None:
        """Of its message one append less is under way."""
        message, pending.message = pending.message, None
        if message is not None:
            message.unanswered -= 1
            if not message.unanswered:
                self._under_way -= 1
                self._on_room()

    def begin_again(self) -> None:
        """A new stream: all that has no answer goes (again), in the order of the calls."""
        self._queue = deque(self._pending.values())
        self._under_way = 0
        for pending in self._queue:
            pending.message = None

    def has_room(self) -> bool:
        """Whether a message may go: the first one at once, another beside it where it carries enough."""
        if not self._under_way or not self._queue:
            return bool(self._queue)
        enough = len(self._queue) >= GATHERED_APPENDS or self._bytes > LEAST_SHARE_BYTES * MESSAGES_UNDER_WAY
        return enough and self._under_way < MESSAGES_UNDER_WAY

    def fill(self) -> bytes:
        """The next message; empty: nobody waits any more."""
        taken: list[bytes] = []
        under_way, size = _Message(), 0
        share = min(max(LEAST_SHARE, -(-len(self._pending) // MESSAGES_UNDER_WAY)), APPENDS_PER_MESSAGE)
        room = min(max(LEAST_SHARE_BYTES, -(-self._bytes // MESSAGES_UNDER_WAY)), BYTES_PER_MESSAGE)
        while self._queue and len(taken) < share:
            if size and size + len(self._queue[0].data) > room:
                break
            pending = self._queue.popleft()
            if pending.future.done():
                continue
            taken.append(pending.data)
            size += len(pending.data)
            pending.message = under_way
        under_way.unanswered = len(taken)
        self._under_way += bool(taken)
        return b"".join(taken)
