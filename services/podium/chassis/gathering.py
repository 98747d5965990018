"""Listings and board watches over all owners: what each process owns, asked of each, put together.

Shards tell what is missing. A listing is whole, or refused; a watch's position stays where it was while some shard is
between two owners, since what its next owner has to tell may be older than what the others have told already.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from podium.chassis.engine.ports import Clock
from podium.chassis.tasks import TaskSet
from podium.client.errors import PodiumError
from podium.kernel.errors import Rejection, unavailable
from podium.kernel.ids import SHARDS

_log = logging.getLogger(__name__)

T = TypeVar("T")

ASK_SECONDS = 2.0
"""For one answer of a peer: one that died is not waited for longer than it takes to ask anew."""
QUEUED_PARTS = 16
"""Of one watch; a reader that is slow is told less often, by each owner itself."""
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0
_HERE = ""


class Peers(Protocol):
    """The other processes that own shards of this service."""

    def peers(self) -> frozenset[str]:
        """Their addresses."""
        ...

    async def moved(self) -> None:
        """Wait until shards have moved."""
        ...


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """What one owner says: entries, up to which position that is, which shards it covers."""

    entries: Sequence[T]
    position: int
    shards: Collection[int]
    more: bool = False
    """Of a listing: there is another page."""


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """A step of a watch: entries that are news, the position to resume after, whether all shards were heard once."""

    entries: Sequence[T]
    position: int
    synced: bool


async def gather_listing(
    own: Callable[[], Part[T]], ask: Callable[[str, float], Awaitable[Part[T]]], peers: Peers
) -> Sequence[Part[T]]:
    """The answers of all owners, this process' own first.

    `ask(address, seconds)` asks one. Raises Rejection NOT_READY while shards change hands: no listing leaves any out.
    """
    here = own()
    others = sorted(peers.peers()) if len(set(here.shards)) < SHARDS else []
    try:
        parts = [here, *await asyncio.gather(*(ask(address, ASK_SECONDS) for address in others))]
    except PodiumError as error:
        raise _incomplete(f"another process did not answer ({error})") from error
    missing = SHARDS - len(set().union(*(part.shards for part in parts)))
    if missing:
        raise _incomplete(f"{missing} of {SHARDS} shards are between two owners")
    return parts


def _incomplete(why: str) -> Rejection:
    return unavailable("NOT_READY", f"the listing would not be whole: {why}; retry", 0.5)


@dataclass(slots=True)
class _Source:
    """An owner that is listened to."""

    position: int = 0
    shards: frozenset[int] = frozenset()
    heard: bool = False


@dataclass(slots=True)
class Gathering(Generic[T]):
    """One watch over all owners; iterate `steps`, once.

    `open_own` and `open_peer(address, after)` open what an owner says after a position (None: all). `key_of` gives an
    entry's (id, revision): what was told at that revision or a later one is not told again, whoever repeats it.
    """

    peers: Peers
    clock: Clock
    open_own: Callable[[int | None], AsyncIterator[Part[T]]]
    open_peer: Callable[[str, int | None], AsyncIterator[Part[T]]]
    key_of: Callable[[T], tuple[str, int]]
    after: int | None = None
    _sources: dict[str, _Source] = field(default_factory=dict)
    _following: "dict[str, asyncio.Task[None]]" = field(default_factory=dict)
    _told: dict[str, int] = field(default_factory=dict)
    _position: int = 0
    _synced: bool = False

    async def steps(self) -> AsyncGenerator[Step[T], None]:
        """Without end; raises what ends the own part: the service stops."""
        self._position = self.after or 0
        parts: asyncio.Queue[tuple[str, Part[T] | None]] = asyncio.Queue(QUEUED_PARTS)
        failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        async with TaskSet("gathering", lambda error: _fail(failure, error)) as tasks:
            self._sources[_HERE] = _Source()
            tasks.spawn(self._follow_own(parts), name="own")
            tasks.spawn(self._keep_up(parts, tasks), name="peers")
            while True:
                address, part = await _first(parts, failure)
                source = self._sources.get(address)
                if source is None:
                    continue
                if part is None:
                    source.shards = frozenset()
                    continue
                source.position, source.shards, source.heard = part.position, frozenset(part.shards), True
                yield self._step(part.entries)

    def _step(self, entries: Iterable[T]) -> Step[T]:
        news = [entry for entry in entries if self._is_news(entry)]
        covered = set().union(*(source.shards for source in self._sources.values()))
        if len(covered) == SHARDS and all(source.heard for source in self._sources.values()):
            self._synced = True
            self._position = max(self._position, min(source.position for source in self._sources.values()))
        return Step(news, self._position, self._synced)

    def _is_news(self, entry: T) -> bool:
        name, revision = self.key_of(entry)
        if self._told.get(name, -1) >= revision:
            return False
        self._told[name] = revision
        return True

    async def _follow_own(self, parts: "asyncio.Queue[tuple[str, Part[T] | None]]") -> None:
        async for part in self.open_own(self.after):
            await parts.put((_HERE, part))

    async def _keep_up(self, parts: "asyncio.Queue[tuple[str, Part[T] | None]]", tasks: TaskSet) -> None:
        """Follow whoever owns shards now."""
        while True:
            wanted = self.peers.peers()
            for address in [known for known in self._following if known not in wanted]:
                self._following.pop(address).cancel()
                del self._sources[address]
            for address in sorted(wanted - self._following.keys()):
                self._sources[address] = _Source()
                self._following[address] = tasks.spawn(self._follow(address, parts), name=address)
            await self.peers.moved()

    async def _follow(self, address: str, parts: "asyncio.Queue[tuple[str, Part[T] | None]]") -> None:
        """What one peer says, for as long as it owns something; after a loss from the position that all have reached.

        Its own last position would not do: meanwhile it may have taken over what another one left untold.
        """
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                async for part in self.open_peer(address, self._position if self._synced else self.after):
                    await parts.put((address, part))
                    pause = _FIRST_PAUSE_SECONDS
            except PodiumError as error:
                _log.info("the owner at %s cannot be followed now: %s", address, error)
            await parts.put((address, None))
            await self.clock.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _fail(failure: "asyncio.Future[None]", error: BaseException) -> None:
    if not failure.done():
        failure.set_exception(error)
        failure.exception()  # it may come when nobody waits any more


async def _first(
    parts: "asyncio.Queue[tuple[str, Part[T] | None]]", failure: "asyncio.Future[None]"
) -> tuple[str, Part[T] | None]:
    """The next part; raises the failure of a task."""
    if not parts.empty():
        return parts.get_nowait()
    getting = asyncio.ensure_future(parts.get())
    either: set[asyncio.Future[Any]] = {getting, failure}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if getting.done():
            return getting.result()
        failure.result()
        raise AssertionError("a failure without an exception")
    finally:
        getting.cancel()
