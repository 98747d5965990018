"""Acknowledged means synced: seen from the kernel's side."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from podium.chassis.settings import ServiceSettings
from tests.event_store.test_kill import connected
from tests.event_store.words import to

APPENDS = 25

_CALL = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)")


def _traceable() -> bool:
    """Whether strace is there and may trace."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, check=False).returncode == 0


async def traced_appends(folder: Path, trace: Path) -> None:
    """Appends, one at a time, each to a stream of its own, at a store under strace."""
    settings = ServiceSettings(service="event-store", data_dir=folder)
    process = await asyncio.create_subprocess_exec(
        *("strace", "-f", "-y", "-s", "100000", "-o", str(trace)),
        *("-e", "trace=pwrite64,fdatasync,fsync,sendmsg,sendto,write,writev"),
        *(sys.executable, "-m", "podium.event_store", "--data-dir", str(folder), "--log-level", "error"),
    )
    try:
        async with await connected(settings) as podium:
            for number in range(APPENDS):
                await podium.events.append([to(f"synced/{number:03d}")], timeout_seconds=30)
    finally:
        # Strace itself would leave its child behind.
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGTERM)
        await process.wait()


def order_of(trace: Path) -> list[str]:
    """`written NAME`, `synced`, `answered NAME`, as they happened: writes as they end, answers as they begin."""
    said: list[str] = []
    unfinished: dict[str, str] = {}
    for line in trace.read_text(errors="replace").splitlines():
        found = _CALL.match(line)
        if found is None:
            continue
        thread, call = found.groups()
        names = re.findall(r"synced/\d{3}", line)
        if call in ("sendmsg", "sendto", "writev", "write") and "store.sqlite3" not in line[:200]:
            said += [f"answered {name}" for name in names]
        elif call == "pwrite64":
            said += [f"written {name}" for name in names if "store.sqlite3-wal" in line[:200]]
        elif call in ("fdatasync", "fsync"):
            if "<unfinished" in line:
                unfinished[thread] = line
            elif line.endswith("= 0") and "store.sqlite3-wal" in unfinished.pop(thread, line):
                said.append("synced")
    return said


@pytest.mark.skipif(not _traceable(), reason="strace is not here, or may not trace: syncs are not looked at")
async def test_a_sync_of_the_log_comes_before_each_answer(tmp_path: Path) -> None:
    """For every append: its bytes go to the write-ahead log, a sync of that file succeeds, then the answer leaves."""
    trace = tmp_path / "trace"
    await traced_appends(tmp_path / "data", trace)
    said = order_of(trace)
    for number in range(APPENDS):
        name = f"synced/{number:03d}"
        answered = said.index(f"answered {name}")
        written = said.index(f"written {name}")
        assert written < answered, name
        assert "synced" in said[written:answered], name
