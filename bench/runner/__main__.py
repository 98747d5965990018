"""Everything in one run, then the table: `make bench-runner [JSON=FILE]`. About a minute and a half."""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.report import Row, report
from bench.runner import launching, terminals, worktrees
from tests.support.installation import LocalInstallation


async def measure(folder: Path) -> list[Row]:
    """One after another, on one installation."""
    notes = folder / "notes"
    notes.mkdir()
    where = launching.repository(folder / "repository")
    profiles = {launching.PROFILE: launching.profile(notes)}
    found = await worktrees.rows(folder / "worktrees", where)
    services = {"log_level": "warning", "lease_ttl_seconds": 4.0, "lease_renew_seconds": 2.0}  # as people have them
    async with LocalInstallation(folder, profiles=profiles, services=services) as installation:
        found = [*await launching.rows(installation, notes, where), *found]
        return [*found, *await terminals.rows(installation.installation)]


def main() -> None:
    """Measure and tell."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="podium-bench-", ignore_cleanup_errors=True) as folder:
        report(asyncio.run(measure(Path(folder))))
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    seconds = time.monotonic() - begin
    print(f"{seconds:.0f} s on {os.cpu_count()} cores; load average at the end {load}", file=sys.stderr)


if __name__ == "__main__":
    main()
