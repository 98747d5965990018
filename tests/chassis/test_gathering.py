"""Listings and watches over all owners: what may be said when shards move and owners vanish."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing

import pytest

from podium.chassis.gathering import Gathering, Part, Step, gather_listing
from podium.client.errors import make_error
from podium.kernel.errors import Rejection
from tests.fakes.clock import ManualClock

LOW, HIGH, ALL = frozenset(range(128)), frozenset(range(128, 256)), frozenset(range(256))
Entry = tuple[str, int]


class Owners:
    """Peers whose words the test chooses; `Peers`, and what opens them."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = frozenset(addresses)
        self._stirred = asyncio.Event()
        self.words: dict[str, asyncio.Queue[Part[Entry] | Exception]] = {}
        self.opened: list[tuple[str, int | None]] = []

    def peers(self) -> frozenset[str]:
        return self._addresses

    async def moved(self) -> None:
        await self._stirred.wait()

    def become(self, *addresses: str) -> None:
        self._addresses = frozenset(addresses)
        self._stirred.set()
        self._stirred = asyncio.Event()

    def says(self, address: str, position: int, shards: Iterable[int], *entries: Entry) -> None:
        self._queue(address).put_nowait(Part(entries, position, frozenset(shards)))

    def fails(self, address: str) -> None:
        self._queue(address).put_nowait(make_error("UNAVAILABLE", "", "gone"))

    def _queue(self, address: str) -> "asyncio.Queue[Part[Entry] | Exception]":
        return self.words.setdefault(address, asyncio.Queue())

    async def listen(self, address: str, after: int | None) -> AsyncIterator[Part[Entry]]:
        self.opened.append((address, after))
        while True:
            said = await self._queue(address).get()
            if isinstance(said, Exception):
                raise said
            yield said


def watch(owners: Owners, clock: ManualClock, after: int | None = None) -> Gathering[Entry]:
    return Gathering(owners, clock, lambda since: owners.listen("", since), owners.listen, lambda entry: entry, after)


async def following(steps: AsyncIterator[Step[Entry]], count: int) -> list[Step[Entry]]:
    async with asyncio.timeout(10):
        return [await anext(steps) for _ in range(count)]


async def test_alone_what_is_said_here_is_all() -> None:
    """The only owner's words pass as they are: synced at once, its position is the position."""
    owners = Owners()
    owners.says("", 7, ALL, ("a", 1), ("b", 2))
    async with aclosing(watch(owners, ManualClock()).steps()) as steps:
        assert await following(steps, 1) == [Step([("a", 1), ("b", 2)], 7, True)]


async def test_synced_when_all_have_spoken_at_the_lowest_position() -> None:
    """Half of the shards is not all; then the position is the one that every owner has reached."""
    owners = Owners("two")
    owners.says("", 9, LOW, ("a", 1))
    async with aclosing(watch(owners, ManualClock()).steps()) as steps:
        assert await following(steps, 1) == [Step([("a", 1)], 0, False)]
        owners.says("two", 5, HIGH, ("b", 1))
        assert await following(steps, 1) == [Step([("b", 1)], 5, True)]
        owners.says("", 12, LOW, ("a", 2))
        assert await following(steps, 1) == [Step([("a", 2)], 5, True)]


async def test_the_position_waits_for_the_heir() -> None:
    """An owner vanishes: until its shards have an heir that has spoken, the position stays, whatever others say."""
    owners = Owners("two")
    owners.says("", 10, LOW)
    owners.says("two", 10, HIGH, ("b", 3))
    async with aclosing(watch(owners, ManualClock()).steps()) as steps:
        assert (await following(steps, 2))[-1].position == 10
        owners.become()
        owners.says("", 40, LOW, ("a", 9))
        assert await following(steps, 1) == [Step([("a", 9)], 10, True)]
        owners.says("", 41, ALL, ("b", 4))
        assert await following(steps, 1) == [Step([("b", 4)], 41, True)]


async def test_nothing_is_told_twice_or_backwards() -> None:
    """An heir repeats what was told, a slow former owner speaks late: only news passes."""
    owners = Owners("two")
    owners.says("", 10, LOW, ("a", 5))
    async with aclosing(watch(owners, ManualClock()).steps()) as steps:
        await following(steps, 1)
        owners.says("two", 11, HIGH, ("a", 5), ("a", 4), ("b", 1))
        assert (await following(steps, 1))[0].entries == [("b", 1)]


async def test_a_lost_owner_is_heard_again_from_where_all_were() -> None:
    """A connection breaks: meanwhile nothing moves; it is opened again after the position that all had reached."""
    owners, clock = Owners("two"), ManualClock()
    owners.says("", 20, LOW)
    owners.says("two", 10, HIGH)
    async with aclosing(watch(owners, clock, after=3).steps()) as steps:
        assert (await following(steps, 2))[-1] == Step([], 10, True)
        owners.says("two", 30, HIGH, ("b", 1))
        assert (await following(steps, 1))[0].position == 20
        owners.fails("two")
        await clock.wait_for_sleepers()
        owners.says("", 50, LOW)
        assert (await following(steps, 1))[0].position == 20
        clock.advance(5)
        owners.says("two", 55, HIGH)
        assert (await following(steps, 1))[0].position == 50
    assert owners.opened == [("", 3), ("two", 3), ("two", 20)]


async def test_a_listing_of_all_or_none() -> None:
    """Together they cover all shards: all answers; else, or where one does not answer, NOT_READY."""
    owners = Owners("two")
    here: Part[Entry] = Part([("a", 1)], 4, LOW)
    answers = {"two": Part([("b", 1)], 6, HIGH)}

    async def ask(address: str, seconds: float) -> Part[Entry]:
        if address not in answers:
            raise make_error("UNAVAILABLE", "", "gone")
        return answers[address]

    assert await gather_listing(lambda: here, ask, owners) == [here, answers["two"]]
    answers["two"] = Part([], 6, range(129, 256))
    with pytest.raises(Rejection, match="1 of 256 shards"):
        await gather_listing(lambda: here, ask, owners)
    answers.clear()
    with pytest.raises(Rejection, match="did not answer"):
        await gather_listing(lambda: here, ask, owners)
    everything: Part[Entry] = Part([("a", 1)], 4, ALL)
    assert await gather_listing(lambda: everything, ask, owners) == [everything]
