"""The supervised life of one service: spawn, watch, restart with back-off, stop."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from podium.supervisor import logs
from podium.supervisor.health import serving
from podium.supervisor.processes import start_time
from podium.supervisor.settings import ServiceSpec, SupervisorSettings
from podium.supervisor.state import ServiceState
from podium.supervisor.version import installed_version

_NOT_INHERITED = (
    "PODIUM_AGENT_",
    "PODIUM_POD_",
    "PODIUM_KIND",
    "PODIUM_WORKSTREAM_",
    "PODIUM_ATTEMPT",
    "PODIUM_INSTRUCTIONS",
    "PODIUM_OUTPUT",
    "PODIUM_PORT_BASE",
    "PODIUM_TOKEN",
)
"""What an agent's environment may hold: `podium up` inside an agent must not make services of that agent."""


def service_environment(environment: Mapping[str, str], data_dir: Path) -> dict[str, str]:
    """The environment of every service: the caller's, without an agent's part, with the data directory."""
    kept = {name: value for name, value in environment.items() if not name.startswith(_NOT_INHERITED)}
    return kept | {"PODIUM_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"}


class Service:
    """One service under supervision; `changed` is called after each change of its state."""

    def __init__(
        self,
        spec: ServiceSpec,
        state: ServiceState,
        settings: SupervisorSettings,
        environment: Mapping[str, str],
        changed: Callable[[], None],
    ) -> None:
        self.state = state
        self._spec = spec
        self._settings = settings
        self._environment = environment
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Keeps the service alive until `stop`."""
        deaths = 0
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            try:
                await self._live_once()
            except OSError as error:  # no more processes, no space for the log: like a death, tried again
                self.state.last_exit = str(error)
            if self._stopping.is_set():
                break
            lived = asyncio.get_running_loop().time() - began
            deaths = 0 if lived >= self._settings.stable_seconds else deaths + 1
            await self._pause(deaths)
            self.state.restarts += 1
        self._set(state="stopped", pid=0)

    async def stop(self) -> None:
        """SIGTERM, SIGKILL after the grace; returns when the process is gone."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        _signal(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(self._settings.grace_seconds):
                await process.wait()
        except TimeoutError:
            self.state.last_exit = "did not end by SIGTERM; killed"
            _signal(process, signal.SIGKILL)
            await process.wait()

    async def _live_once(self) -> None:
        """From the spawn to the end of the process."""
        log = Path(self.state.log)
        logs.rotate(log, self._settings.log_bytes, self._settings.log_keep)
        self.state.version = installed_version()
        with _appending(log) as file:
            self._process = process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "podium.supervisor.launch", str(os.getpid()), self._spec.module),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=dict(self._environment),
                start_new_session=True,  # Ctrl-C at a foreground supervisor must not reach the services first
            )
        if self._stopping.is_set():  # told to stop while it was being made: it has begun nothing yet
            _signal(process, signal.SIGKILL)
        self._set(state="starting", pid=process.pid, start_time=start_time(process.pid), pause_seconds=0.0)
        async with asyncio.TaskGroup() as group:
            probing = group.create_task(self._probe())
            status = await process.wait()
            probing.cancel()
        self.state.last_exit = f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"

    async def _probe(self) -> None:
        """Keeps `state` at what the service says of its health."""
        log = Path(self.state.log)
        while True:
            healthy = await serving(self.state.address)
            wanted = "ready" if healthy else "starting" if self.state.state == "starting" else "unready"
            if wanted != self.state.state:
                self._set(state=wanted)
            logs.rotate(log, self._settings.log_bytes, self._settings.log_keep)
            await asyncio.sleep(self._settings.probe_seconds if healthy else self._settings.starting_probe_seconds)

    async def _pause(self, deaths: int) -> None:
        """Back-off, cut short by `stop`."""
        doubled = self._settings.backoff_seconds * 2.0 ** min(max(deaths - 1, 0), 30)
        seconds = min(doubled, self._settings.backoff_limit_seconds)
        self._set(state="pausing", pid=0, start_time="", pause_seconds=seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    def _set(self, **values: str | int | float) -> None:
        for name, value in values.items():
            setattr(self.state, name, value)
        self._changed()


def _appending(path: Path) -> BinaryIO:
    return path.open("ab")


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
