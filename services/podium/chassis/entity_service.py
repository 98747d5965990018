"""How a service gets its engine: log, ownership, life, in one call."""

from typing import TypeVar

from podium.chassis.engine import Engine, EngineSettings
from podium.chassis.engine.ports import EntityCodec
from podium.chassis.event_log import EventStoreLog
from podium.chassis.ownership import Ownership
from podium.chassis.server import Shell
from podium.kernel.entity import Domain

S = TypeVar("S")


def ownership_of(shell: Shell) -> Ownership:
    """What a process owns; give it to `build_engine` where it is asked for its peers too."""
    return Ownership(shell.settings, shell.client, shell.clock, shell.tasks, shell.fail)


async def build_engine(
    shell: Shell,
    domain: Domain[S],
    codec: EntityCodec,
    settings: EngineSettings | None = None,
    ownership: Ownership | None = None,
) -> Engine[S]:
    """An engine over the event store that owns its share of the shards and stops with the process."""
    ownership = ownership or ownership_of(shell)
    engine = Engine(domain, EventStoreLog(shell.client.events), codec, shell.clock, ownership, shell.tasks, settings)

    async def stop() -> None:
        await engine.stop(shell.settings.shutdown_grace_seconds)
        await ownership.stop()

    shell.on_stop(stop)
    await ownership.start(engine)
    return engine
