"""An engine over the counting domain and the memory log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from podium.chassis.engine import Engine, EngineSettings, Outcome
from podium.chassis.engine.ports import Clock
from podium.chassis.tasks import TaskSet
from podium.kernel.identity import CallerKind, Identity
from tests.engine.counting import Account, Counting, JsonCodec, SoleOwner
from tests.fakes.clock import ManualClock
from tests.fakes.log import MemoryLog

ANNA = Identity(CallerKind.PERSON, "anna")


class EagerClock(ManualClock):
    """Stands still for the domain; whoever sleeps (back-off) is woken at once."""

    async def sleep(self, seconds: float) -> None:
        import asyncio

        await asyncio.sleep(0)


@asynccontextmanager
async def engine_over(
    log: MemoryLog, clock: Clock | None = None, settings: EngineSettings | None = None
) -> AsyncIterator[Engine[Account]]:
    """A started engine that owns everything."""
    async with TaskSet("test") as tasks:
        engine = Engine(
            Counting(), log, JsonCodec(), clock or EagerClock(), SoleOwner(), tasks, settings or EngineSettings()
        )
        await engine.adopt(range(256))
        yield engine
        await engine.stop(0.5)


async def add(
    engine: Engine[Account], entity: str, amount: int, request_id: str, limit: int = 1_000_000
) -> Outcome[Account]:
    from tests.engine.counting import Add

    return await engine.execute(
        entity, Add(amount, limit), actor=ANNA, request_id=request_id, request_hash=f"{amount}/{limit}"
    )
