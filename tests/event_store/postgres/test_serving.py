"""Two servers on one database, over the wire."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from podium.client.connection import Podium
from podium.events.v1.event_service_pb2 import (
    AcquireLeaseRequest,
    ListLeasesRequest,
    ReadAllRequest,
    RenewLeaseRequest,
)
from tests.event_store.conftest import Server
from tests.event_store.words import event, to, until, whole


@pytest.fixture
async def servers(url: str, tmp_path: Path) -> AsyncIterator[list[Server]]:
    async with AsyncExitStack() as stack:
        made = []
        for name in ("one", "two"):
            server = Server(tmp_path / name)
            server.settings = replace(server.settings, store=url)
            await server.start()
            stack.push_async_callback(server.close)
            made.append(server)
        yield made


@pytest.fixture
def podiums(servers: list[Server]) -> list[Podium]:
    return [server.connect() for server in servers]


async def test_every_server_serves_the_same_log(podiums: list[Podium]) -> None:
    """Subscribers at both servers get every event of both writers, once, in order."""
    subscriptions = [podium.events.subscribe(prefixes=["a/"], after=0) for podium in podiums]

    async def write(podium: Podium, stream: str) -> None:
        for revision in range(50):
            await podium.events.append([to(stream, event(), expect=revision)])

    await asyncio.gather(*(write(podium, f"a/{number}") for number, podium in enumerate(podiums * 2)))
    for subscription in subscriptions:
        found = await until(subscription, 200)
        assert [each.position for each in found] == list(range(1, 201))
    assert [each.position for each in await whole(podiums[1])] == list(range(1, 201))


async def test_a_min_position_gives_read_your_writes_at_the_other_server(podiums: list[Podium]) -> None:
    """What one acknowledged is read at the other."""
    for _ in range(20):
        response = await podiums[0].events.append([to("a/1")])
        request = ReadAllRequest(from_position=response.last_position, min_position=response.last_position)
        batches = [batch async for batch in podiums[1].event_store.ReadAll(request)]
        assert [each.position for batch in batches for each in batch.events] == [response.last_position]


async def test_a_lease_is_renewed_at_any_server(podiums: list[Podium]) -> None:
    """Acquired at one, renewed at the other, listed at both."""
    one, two = (podium.event_store for podium in podiums)
    lease = (await one.AcquireLease(AcquireLeaseRequest(name="pm-1", ttl_seconds=4.0))).lease
    await two.RenewLease(RenewLeaseRequest(name="pm-1", epoch=lease.epoch))
    for store in (one, two):
        assert [each.name for each in (await store.ListLeases(ListLeasesRequest())).leases] == ["pm-1"]


async def test_a_subscriber_at_the_other_server_outlives_a_restart(servers: list[Server]) -> None:
    """One server stops and comes back: its subscribers resume, the other's notice nothing."""
    podiums = [server.connect() for server in servers]
    subscriptions = [podium.events.subscribe(prefixes=["a/"], after=0) for podium in podiums]
    await podiums[0].events.append([to("a/1")])
    for subscription in subscriptions:
        assert [each.position for each in await until(subscription, 1)] == [1]
    await servers[0].stop()
    await podiums[1].events.append([to("a/1")])
    assert [each.position for each in await until(subscriptions[1], 1)] == [2]
    await servers[0].start()
    await podiums[0].events.append([to("a/1")])
    for subscription, positions in zip(subscriptions, ([2, 3], [3]), strict=True):
        assert [each.position for each in await until(subscription, len(positions))] == positions
