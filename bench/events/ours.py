"""What the event store is asked for in each measurement."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bench.events.measure import EVENT_BYTES, Load, closed_loop
from podium.client.connection import Podium
from podium.client.events import new_event_id
from podium.events.v1.event_pb2 import NewEvent, StreamAppend
from podium.events.v1.event_service_pb2 import AppendRequest, SubscribeRequest

DATA = os.urandom(EVENT_BYTES)
CALLERS = 64
BULK = 1000
BULK_APPENDS, WARM_APPENDS = 64, 4
"""Of each caller."""


def event() -> NewEvent:
    """An event as the entity engine writes it."""
    return NewEvent(
        event_id=new_event_id(),
        type="podium.pods.v1.SpecApproved",
        data=DATA,
        metadata={"actor": "user:anna", "time": "1795000000000000"},
    )


def _shared(podium: Podium, stream: str) -> Callable[[], Awaitable[object]]:
    async def call() -> object:
        return await podium.events.append([StreamAppend(stream=stream, events=[event()])])

    return call


def _unary(podium: Podium, stream: str) -> Callable[[], Awaitable[object]]:
    async def call() -> object:
        append = StreamAppend(stream=stream, events=[event()])
        return await podium.event_store.Append(AppendRequest(appends=[append]))

    return call


async def shared_stream(podium: Podium, callers: int = CALLERS) -> Load:
    """Appends through the client's shared stream, each caller with a stream of its own."""
    return await closed_loop([_shared(podium, f"bench/{number}") for number in range(callers)])


async def unary(podium: Podium, callers: int = CALLERS) -> Load:
    """Plain unary Appends."""
    return await closed_loop([_unary(podium, f"bench/{number}") for number in range(callers)])


async def one(podium: Podium) -> None:
    """A first append, with which a process loads some things."""
    await podium.events.append([StreamAppend(stream="first/1", events=[event()])])


async def bulk(podium: Podium, callers: int = 4) -> tuple[float, int]:
    """(events a second, events in all) in appends of 1,000.

    The appends are made before, as the rows of the bare inserts are; `WARM_APPENDS` of each caller are not counted.
    """
    made = [[_bulk_append(f"bulk/{number}") for _ in range(BULK_APPENDS)] for number in range(callers)]

    async def caller(appends: Sequence[StreamAppend]) -> None:
        for append in appends:
            await podium.events.append([append])

    await asyncio.gather(*(caller(appends[:WARM_APPENDS]) for appends in made))
    begin = time.perf_counter()
    await asyncio.gather(*(caller(appends[WARM_APPENDS:]) for appends in made))
    spent = time.perf_counter() - begin
    counted = callers * (BULK_APPENDS - WARM_APPENDS) * BULK
    return counted / spent, callers * BULK_APPENDS * BULK


def _bulk_append(stream: str) -> StreamAppend:
    return StreamAppend(stream=stream, events=[event() for _ in range(BULK)])


async def catch_up(podium: Podium) -> float:
    """Events a second when the whole log is read."""
    begin, count = time.perf_counter(), 0
    async for batch in podium.events.read_all():
        count += len(batch)
    return count / (time.perf_counter() - begin)


async def fill(podium: Podium, events: int) -> None:
    """Add so many events."""
    made = [event() for _ in range(BULK)]
    for stream in range(events // BULK):
        for each in made:
            each.event_id = new_event_id()
        await podium.events.append([StreamAppend(stream=f"filled/{stream % 100}", events=made)])


async def lone_p50(podium: Podium, times: int = 1500) -> float:
    """Seconds of an unary Append with nothing else under way."""
    call, taken = _unary(podium, "lone/1"), []
    for _ in range(times):
        start = time.perf_counter()
        await call()
        taken.append(time.perf_counter() - start)
    await asyncio.sleep(0)
    return sorted(taken[times // 10 :])[(times - times // 10) // 2]


async def paced(podium: Podium, rate: int, seconds: float) -> None:
    """So many single events a second, whatever the answers take."""
    begin, under_way = time.perf_counter(), set()
    call = _shared(podium, "paced/1")
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
        task = asyncio.ensure_future(call())
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)


async def stalled(podium: Podium) -> Any:
    """A subscriber that reads its first message and nothing more; `cancel` ends it."""
    call = podium.event_store.Subscribe(SubscribeRequest(after=0))
    await anext(aiter(call))
    return call
