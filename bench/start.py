"""How fast all services are ready, how much memory they take, and what they cost when nothing happens.

`make bench-start`: three fresh installations one after another, medians. Reads /proc, so Linux only.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.report import Row, median, report

ROUNDS = 3
IDLE_SECONDS = 10.0
TICKS = os.sysconf("SC_CLK_TCK")


def podium(data_dir: Path, *words: str) -> None:
    """Run the command line on an installation of its own."""
    environment = {**os.environ, "PODIUM_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "podium.cli.main", *words]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def tree(root: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue += children.get(pid, [])
    return found


def rss_mb(pid: int) -> float:
    """Proportional set size: memory shared between the processes counts once in all."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def one_round(data_dir: Path) -> tuple[float, float, float]:
    """(seconds until ready, MB in all, per cent of a core when idle)."""
    begin = time.monotonic()
    podium(data_dir, "up")
    ready = time.monotonic() - begin
    try:
        state = json.loads(next(data_dir.rglob("supervisor.json")).read_text())
        pids = tree(int(state["pid"]))
        time.sleep(2.0)
        before, clock = sum(cpu_seconds(pid) for pid in pids), time.monotonic()
        time.sleep(IDLE_SECONDS)
        cpu = (sum(cpu_seconds(pid) for pid in pids) - before) / (time.monotonic() - clock)
        return ready, sum(rss_mb(pid) for pid in pids), cpu * 100
    finally:
        podium(data_dir, "down")


def main() -> None:
    """Three rounds, medians."""
    rounds = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="podium-bench-") as folder:
            rounds.append(one_round(Path(folder) / "data"))
    ready, memory, cpu = (median([figures[i] for figures in rounds]) for i in range(3))
    report(
        [
            Row("podium up, until ready", ready, "s", target="<= 3", met=ready <= 3),
            Row("memory of all processes", memory, "MB", target="<= 400", met=memory <= 400),
            Row("idle cost of all processes", cpu, "% of a core", target="<= 1", met=cpu <= 1),
        ]
    )


if __name__ == "__main__":
    main()
