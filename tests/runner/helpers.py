"""Profiles in a line, a runner as a process of its own, and waiting for what nobody announces."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.runner.house import House


def scenario(path: Path, text: str) -> dict[str, object]:
    path.write_text(text)
    return {"it": {"kind": "scripted", "scenario": str(path)}}


SHELL = ["/bin/sh", "-c"]


def shell(text: str, **more: object) -> dict[str, object]:
    """A command profile that runs a shell script."""
    return {"kind": "command", "command": [*SHELL, text], **more}


class Process:
    """`python -m podium.runner`, as the supervisor starts it."""

    def __init__(self, house: House, profiles: str) -> None:
        (house.data_dir / "podium.toml").write_text(f"[runner]\ngrace_seconds = 1\n{profiles}")
        path = os.pathsep.join(p for p in sys.path if p)
        self._arguments = [sys.executable, "-m", "podium.runner", "--data-dir", str(house.data_dir)]
        self._environment = {**os.environ, "PYTHONPATH": path}
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._arguments, env=self._environment)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait() == 0


async def until(done: Callable[[], object]) -> None:
    """Wait for a state that nobody announces."""
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.02)
