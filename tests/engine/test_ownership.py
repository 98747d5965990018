"""The engine over a real event store: leases, shards, fences, and processes that come and go."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from podium.chassis.engine import Change, Engine
from podium.chassis.entity_service import build_engine
from podium.chassis.server import Registration, Shell, running
from podium.chassis.settings import ServiceSettings
from podium.event_store.__main__ import start as start_store
from podium.kernel.errors import Rejection
from podium.kernel.ids import shard_of
from tests.engine.counting import Account, Counting, JsonCodec
from tests.engine.harness import add

TTL = {"lease_ttl_seconds": 0.6, "lease_renew_seconds": 0.1, "shutdown_grace_seconds": 0.2}


@asynccontextmanager
async def store(data_dir: Path) -> AsyncIterator[None]:
    async with running(ServiceSettings(service="event-store", data_dir=data_dir, **TTL), start_store):
        yield


class Worker:
    """One process of the counting service, inside this one."""

    def __init__(self) -> None:
        self.engine: Engine[Account]
        self.shell: Shell

    async def start(self, shell: Shell) -> Sequence[Registration]:
        self.shell = shell
        self.engine = await build_engine(shell, Counting(), JsonCodec())
        return ()


@asynccontextmanager
async def worker(data_dir: Path, instance: str) -> AsyncIterator[Worker]:
    made = Worker()
    settings = ServiceSettings(
        service="counting", instance=instance, data_dir=data_dir, listen=f"unix:{data_dir}/{instance}.sock", **TTL
    )
    async with running(settings, made.start):
        yield made


async def eventually(attempt: Callable[[], Awaitable[None]]) -> None:
    """Repeat until it succeeds; bounded by the test's own limit."""
    while True:
        try:
            await attempt()
            return
        except (AssertionError, Rejection):
            await asyncio.sleep(0.02)


async def test_one_process_owns_everything_and_recovers_after_restart(tmp_path: Path) -> None:
    """Commands commit in the real store; a restarted process has the state, and its request ids."""
    async with store(tmp_path):
        async with worker(tmp_path, "counting-1") as first:
            assert len(first.engine._owner.owned()) == 256
            assert (await add(first.engine, "a", 12, "r1")).revision == 2
        async with worker(tmp_path, "counting-1") as second:
            assert second.engine.loaded_views()["a"].state.total == 12
            assert (await add(second.engine, "a", 12, "r1")).duplicate


async def test_the_store_may_come_after_the_services(tmp_path: Path) -> None:
    """Services wait for the store at their start, whatever the order."""
    async with AsyncExitStack() as stack:
        starting = asyncio.ensure_future(stack.enter_async_context(worker(tmp_path, "counting-1")))
        await asyncio.sleep(0)
        async with store(tmp_path):
            made = await starting
            assert (await add(made.engine, "a", 1, "r1")).revision == 1
            await stack.aclose()


async def test_two_processes_share_and_one_takes_over(tmp_path: Path) -> None:
    """Each holds half; what is another's is NOT_OWNER with its address; when one stops the other has all."""
    async with store(tmp_path), worker(tmp_path, "counting-1") as first:
        for name in "abcdefgh":
            await add(first.engine, name, 1, "r1")
        async with worker(tmp_path, "counting-2") as second:

            async def halves() -> None:
                assert [len(w.engine._owner.owned()) for w in (first, second)] == [128, 128]
                assert set(first.engine.entities()) | set(second.engine.entities()) == set("abcdefgh")

            await eventually(halves)
            theirs = next(n for n in "abcdefgh" if shard_of(n) in second.engine._owner.owned())

            async def refused_with_address() -> None:
                with pytest.raises(Rejection, match="NOT_OWNER") as refusal:
                    await add(first.engine, theirs, 1, "r2")
                assert refusal.value.metadata["owner_address"].endswith("counting-2.sock")

            await eventually(refused_with_address)
            assert (await add(second.engine, theirs, 1, "r2")).state.total == 2

        async def all_again() -> None:
            assert len(first.engine._owner.owned()) == 256
            assert (await add(first.engine, theirs, 1, "r3")).state.total == 3

        await eventually(all_again)


async def test_a_paused_owner_that_wakes_up_writes_nothing_and_ends(tmp_path: Path) -> None:
    """A process of the same name took its place: its next append is fenced off, its caller hears so, it stops."""
    async with store(tmp_path), AsyncExitStack() as stack:
        old = await stack.enter_async_context(worker_that_may_fail(tmp_path, "counting-1"))
        await add(old.engine, "a", 1, "r1")
        replaced = ServiceSettings(
            service="counting", instance="counting-1", data_dir=tmp_path, listen=f"unix:{tmp_path}/new.sock", **TTL
        )
        new = Worker()
        async with running(replaced, new.start):
            with pytest.raises(Rejection):
                await add(old.engine, "a", 5, "r2")
            await old.shell.stop_requested.wait()
            assert (await new.engine.view("a")).state.total == 1
            assert (await add(new.engine, "a", 5, "r2")).state.total == 6


@asynccontextmanager
async def worker_that_may_fail(data_dir: Path, instance: str) -> AsyncIterator[Worker]:
    from podium.chassis.ownership import ReplacedError

    try:
        async with worker(data_dir, instance) as made:
            yield made
    except ReplacedError:
        return


async def test_a_store_that_goes_away_and_comes_back_loses_nothing(tmp_path: Path) -> None:
    """While it is away commands end as OUTCOME_UNKNOWN or wait; repeated afterwards they count once; watches go on."""
    async with AsyncExitStack() as stack:
        stack_of_store = await stack.enter_async_context(AsyncExitStack())
        await stack_of_store.enter_async_context(store(tmp_path))
        made = await stack.enter_async_context(worker(tmp_path, "counting-1"))
        await add(made.engine, "a", 1, "r1")
        watch = made.engine.watch("a")
        await anext(watch)
        await stack_of_store.aclose()
        pending = asyncio.ensure_future(add(made.engine, "a", 2, "r2"))
        async with store(tmp_path):

            async def counted() -> None:
                assert (await add(made.engine, "a", 2, "r2")).state.total == 3

            await eventually(counted)
            await asyncio.gather(pending, return_exceptions=True)
            change = await anext(watch)
            assert isinstance(change, Change)
            assert (change.from_revision, change.state.total) == (1, 3)
            assert (await made.engine.view("a")).revision == 2
            await stack.aclose()
