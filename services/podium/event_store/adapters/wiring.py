"""How the parts of the store find each other."""

from collections.abc import Sequence

from podium.chassis.server import Registration, Shell
from podium.event_store.adapters.servicer import SERVICE, EventStoreServicer, add_event_store
from podium.event_store.adapters.storage import choose
from podium.event_store.application.store import Store


async def build(shell: Shell, address: str) -> Sequence[Registration]:
    """Open the store at an address (see `storage.choose`), and keep it going as long as the shell lives."""
    log, leases = choose(address)
    await log.open()
    shell.on_stop(log.close)
    store = Store(log, shell.clock, leases)
    await store.start()
    servicer = EventStoreServicer(store)

    async def end_streams() -> None:
        await shell.stop_requested.wait()
        servicer.end_streams()

    shell.tasks.spawn(store.run_leases(), name="leases")
    shell.tasks.spawn(store.run_upkeep(), name="upkeep")
    shell.tasks.spawn(end_streams(), name="end-streams")
    return [Registration(add=add_event_store, servicer=servicer, service=SERVICE)]
