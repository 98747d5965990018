"""Everything in one run: three rounds that take each measurement in turn, medians, the table.

`make bench-events [JSON=FILE]`. About five minutes; the peers come by `make .stamps/bench-venv` (part of the target).
"""

import asyncio
import os
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from bench.events import bare, caller, grown, ours, table
from bench.events.measure import memory_mb, sync_p50_seconds
from bench.events.peers import Peers
from bench.events.serving import EMPTY, Served, serving
from bench.events.subscribers import subscribed
from bench.report import median, report
from tests.support.postgres import cluster, empty_database

TURNS = 5
ROUNDS = 3
ROUNDS_SECONDS = 180
"""After so long no further round is begun: the whole stays within six minutes."""
CATCH_UP_EVENTS = 100_000


class Rounds:
    """The figures of all rounds, by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._peers = Peers(folder)
        self._values: dict[str, list[float]] = defaultdict(list)
        self.postgres = True

    def medians(self) -> dict[str, float]:
        """What was measured, whatever that was."""
        return {name: median(values) for name, values in self._values.items()}

    def note(self, name: str, value: float | None) -> None:
        """One more round's value. What its load has left to be written back shall not be in the way of the next one."""
        os.sync()
        if value is not None:
            print(f"  {name}: {value:,.4g}", file=sys.stderr, flush=True)
            self._values[name].append(value)

    async def round(self, number: int) -> None:
        """Each measurement once, ours beside the peer's."""
        folder = self._folder / f"round-{number}"
        async with serving(folder / "sqlite") as store:
            self.note("shared", await caller.rate(store, "shared"))
        for name in ("UmaDB", "Redis", "eventsourcing, SQLite"):
            self.note(name, await self._peers.rate(name))
        await self._on_postgres(folder)
        await self._unary(folder)
        self.note("bare", await asyncio.to_thread(bare.bare_inserts, folder))
        async with serving(folder / "bulk") as store:
            self.note("bulk", await caller.rate(store, "bulk"))
            await ours.fill(store.podium, CATCH_UP_EVENTS)
            self.note("catch-up", await ours.catch_up(store.podium))

    async def _on_postgres(self, folder: Path) -> None:
        if not self.postgres:
            return
        try:
            url = await asyncio.to_thread(empty_database)
        except RuntimeError as error:
            print(f"left out: PostgreSQL ({error})", file=sys.stderr)
            self.postgres = False
            return
        async with serving(folder / "postgres", store=url) as store:
            self.note("shared, PostgreSQL", await caller.rate(store, "shared"))
        self.note(
            "eventsourcing, PostgreSQL", await self._peers.rate("eventsourcing, PostgreSQL", str(cluster().folder))
        )

    async def _unary(self, folder: Path) -> None:
        async with serving(folder / "empty", EMPTY) as empty:
            self.note("empty", (await ours.unary(empty.podium)).rate)
        async with serving(folder / "unary") as store:
            await self._alone(folder, store)
            self.note("unary", (await ours.unary(store.podium)).rate)
            await self._deliveries(store)

    async def _alone(self, folder: Path, store: Served) -> None:
        """In short turns, so that the three meet the machine in the same mood."""
        turns: dict[str, list[float]] = {"empty p50": [], "sync p50": [], "lone p50": []}
        async with serving(folder / "alone", EMPTY) as empty:
            for _ in range(TURNS):
                turns["empty p50"].append(await ours.lone_p50(empty.podium, 300))
                turns["sync p50"].append(sync_p50_seconds(folder, 300))
                turns["lone p50"].append(await ours.lone_p50(store.podium, 300))
        for name, values in turns.items():
            self.note(name, median(values))

    async def _deliveries(self, store: Served) -> None:
        async with subscribed(store, 1) as told:
            await ours.paced(store.podium, rate=200, seconds=5)
        self.note("delivery p99, idle", told.p99)
        async with subscribed(store, 1) as told:
            await ours.unary(store.podium)
        self.note("delivery p99, saturated", told.p99)
        stalled = await ours.stalled(store.podium)
        for rate in (100, 1000):
            async with subscribed(store, 99) as told:
                await ours.paced(store.podium, rate=rate, seconds=3)
            self.note(f"fan-out p99, {rate}/s", told.p99)
        stalled.cancel()
        self.note("memory", memory_mb(store.process.pid))


async def measure(folder: Path) -> dict[str, float]:
    """All rounds, then the figures that need a large store (once)."""
    rounds, begin = Rounds(folder), time.monotonic()
    for number in range(1, ROUNDS + 1):
        print(f"round {number} of {ROUNDS}", file=sys.stderr)
        await rounds.round(number)
        if number < ROUNDS and time.monotonic() - begin > ROUNDS_SECONDS:
            print(f"this machine is busy: the medians are of {number} rounds", file=sys.stderr)
            break
    await grown.measure(folder / "grown", rounds.note)
    return rounds.medians()


def main() -> None:
    """Measure and tell."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="podium-bench-") as folder:
        values = asyncio.run(measure(Path(folder)))
    report(table.rows(values))
    print(f"{time.monotonic() - begin:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
