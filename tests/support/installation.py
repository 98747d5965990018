"""A whole installation for a test: the real supervisor, the real services, processes of their own, SQLite."""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from podium.client import Podium
from podium.client.installation import Installation
from podium.runner.processes.table import row
from tests.support.home import a_home

LIMIT_SECONDS = 60.0
"""No wait for a state is longer; a test that comes here fails with what it saw last."""
_LOOK_SECONDS = 0.02

FAST: Mapping[str, Mapping[str, Any]] = {
    "supervisor": {"backoff_seconds": 0.05, "grace_seconds": 6.0, "probe_seconds": 0.2},
    "services": {"lease_ttl_seconds": 1.0, "lease_renew_seconds": 0.25, "log_level": "info"},
    "runner": {"grace_seconds": 1.0},
    "gateway": {"port": 0},
}
"""Settings under which faults are noticed at once."""


class LocalInstallation:
    """`async with LocalInstallation(tmp_path) as podium:` starts everything and, in the end, stops it.

    `overrides` are tables of podium.toml over `FAST`: `runner={"capacity": 1}`, `profiles={"x": {…}}`. Its services
    have a home of their own: the shells and agents that they start read nothing of whoever runs the tests.
    """

    def __init__(self, tmp_path: Path, **overrides: Mapping[str, Any]) -> None:
        self.installation = Installation(tmp_path / "data")
        self.home = tmp_path / "home"
        names = {*FAST, *overrides}
        self.settings = {name: {**FAST.get(name, {}), **overrides.get(name, {})} for name in sorted(names)}
        self._supervisor: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Starts the supervisor and returns when every service is ready."""
        self.installation.ensure()
        self.installation.config_file.write_text(to_toml(self.settings), encoding="utf-8")
        self._supervisor = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "podium.supervisor",
                "--with-parent",
                "--data-dir",
                str(self.installation.data_dir),
            ),
            env=a_home(self.home, {n: v for n, v in os.environ.items() if not n.startswith("PODIUM_")}),
        )
        await self.until(lambda state: state.get("phase") == "ready", "everything ready")

    async def stop(self) -> None:
        """Stops it as a person would; kills it where that takes too long, which fails the test."""
        process = self._supervisor
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
        finally:
            if self.installation.run_dir.parent != self.installation.data_dir:
                shutil.rmtree(self.installation.run_dir, ignore_errors=True)
        assert process.returncode == 0, self.logs()

    async def __aenter__(self) -> "LocalInstallation":
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def client(self) -> Podium:
        """A person's connection; use it as a context manager."""
        return Podium.connect(installation=self.installation)

    # -- services ----------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """What the supervisor says."""
        try:
            found = json.loads((self.installation.run_dir / "supervisor.json").read_text())
        except FileNotFoundError:
            return {}
        return found if isinstance(found, dict) else {}

    def service(self, name: str) -> dict[str, Any]:
        """What it says of one service."""
        return next(each for each in self.state()["services"] if each["name"] == name)

    def kill(self, name: str) -> int:
        """SIGKILL, now; the process id that was."""
        pid = int(self.service(name)["pid"])
        os.kill(pid, signal.SIGKILL)
        return pid

    async def gone(self, pid: int) -> None:
        """Returns when a killed process is no more: its connections are closed then."""
        async with asyncio.timeout(LIMIT_SECONDS):
            while row(pid) is not None:
                await asyncio.sleep(_LOOK_SECONDS)

    async def back(self, name: str, killed: int) -> None:
        """Returns when the service runs again as another process and is ready."""

        def again(state: dict[str, Any]) -> bool:
            found = next(each for each in state["services"] if each["name"] == name)
            return bool(found["state"] == "ready" and found["pid"] not in {0, killed})

        await self.until(again, f"{name} back")

    async def until(self, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """The supervisor's state once it is so."""
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                while True:
                    state = self.state()
                    if state and holds(state):
                        return state
                    ended = self._supervisor is not None and self._supervisor.returncode is not None
                    assert not ended, f"the supervisor ended before {what}:\n{self.logs()}"
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            raise AssertionError(f"{what} never came: {self.state()}\n{self.logs()}") from None

    def logs(self, lines: int = 12) -> str:
        """The end of every log, for a failure's message."""
        parts = []
        for log in sorted(self.installation.logs_dir.glob("*.log")):
            last = log.read_text(errors="replace").splitlines()[-lines:]
            parts += [f"--- {log.name}", *(line[:400] for line in last)]
        return "\n".join(parts)


def to_toml(settings: Mapping[str, Mapping[str, Any]]) -> str:
    """Tables of plain values, and tables in tables, as TOML."""
    lines: list[str] = []
    for name, table in settings.items():
        _table(lines, name, table)
    return "\n".join(lines) + "\n"


def _table(lines: list[str], name: str, table: Mapping[str, Any]) -> None:
    lines.append(f"[{name}]")
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lines += [f"{key} = {json.dumps(value)}" for key, value in table.items() if key not in inner]
    for key, value in inner.items():
        _table(lines, f"{name}.{key}", value)
