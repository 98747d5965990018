"""Everything in one run: the commands and their peers in three rounds that take turns, the rest once; then the table.

`make bench-pods [JSON=FILE]`. About four minutes; the peers come by the target itself, into `.bench-venv`.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import podium.chassis.polling  # noqa: F401 - before gRPC
from bench.pods import answering, commands, fanout, recovery, starting, table
from bench.pods.house import EMPTY, house
from bench.pods.peers import Peers
from bench.report import median, report

ROUNDS = 3


class Rounds:
    """The figures of all rounds, by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._peers = Peers(folder)
        self._values: dict[str, list[float]] = defaultdict(list)

    def medians(self) -> dict[str, float]:
        """Of each figure."""
        return {name: median(values) for name, values in self._values.items()}

    def note(self, **values: float) -> None:
        """One more round's values; underscores stand for spaces."""
        for name, value in values.items():
            print(f"  {name.replace('_', ' ')}: {value:,.4g}", file=sys.stderr, flush=True)
            self._values[name.replace("_", " ")].append(value)

    async def round(self, number: int) -> None:
        """The commands, and beside them the empty call and the peers."""
        folder = self._folder / f"round-{number}"
        async with house(folder / "empty", EMPTY) as found:
            names = [commands.pod_name(n) for n in range(1, commands.IN_FLIGHT + 1)]
            self.note(empty_p50=(await commands.one_in_flight(found, names[0])).percentile(0.5))
            self.note(empty_rate=(await commands.many_pods(found, names)).rate)
        async with house(folder / "pods") as found:
            names = await commands.open_pods(found.connect(), commands.IN_FLIGHT)
            lone = await commands.one_in_flight(found, names[0])
            self.note(lone_p50=lone.percentile(0.5), lone_rate=lone.rate)
            self.note(many_pods=(await commands.many_pods(found, names)).rate)
            self.note(many_pods_by_client=(await commands.many_pods_by_client(found, names)).rate)
            self.note(one_pod=(await commands.one_pod(found, names[1])).rate)
        for name, measure in (("restate", self._peers.restate), ("dbos", self._peers.dbos)):
            told = await asyncio.to_thread(measure)
            self.note(**{f"{name}_{figure}": value for figure, value in told.items()})

    async def once(self) -> None:
        """What takes long, or hardly varies."""
        folder = self._folder
        told, by_clients = await fanout.latencies_p99(folder / "latency")
        self.note(watch_p99=told, watch_p99_of_clients=by_clients)
        deliveries, by_clients, size = await fanout.rates(folder / "rate")
        self.note(deliveries=deliveries, deliveries_to_clients=by_clients, delivery_bytes=size)
        self.note(start_p95=await starting.started_p95(folder / "starting"))
        self.note(answer_p95=await answering.answer_p95(folder / "answering"))
        restart, bare = await recovery.restart_seconds(folder / "restart")
        self.note(restart=restart, bare_start=bare)
        self.note(idle=await recovery.idle_mb(folder / "idle"))
        self.note(travel_p95=await recovery.travel_p95(folder / "travel"))


async def measure(folder: Path) -> dict[str, float]:
    """All rounds, then the rest."""
    rounds = Rounds(folder)
    for number in range(1, ROUNDS + 1):
        print(f"round {number} of {ROUNDS}", file=sys.stderr)
        await rounds.round(number)
    await rounds.once()
    return rounds.medians()


def main() -> None:
    """Measure and tell."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="podium-bench-", ignore_cleanup_errors=True) as folder:
        values = asyncio.run(measure(Path(folder)))
    report(table.rows(values))
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"{time.monotonic() - begin:.0f} s on {os.cpu_count()} cores; load average at the end {load}", file=sys.stderr
    )


if __name__ == "__main__":
    main()
