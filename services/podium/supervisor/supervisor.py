"""All services of one installation, from the lock to the last process's end."""

import asyncio
import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from podium.client.installation import Installation
from podium.supervisor import state as state_file
from podium.supervisor.credentials import prepare
from podium.supervisor.processes import end, start_time
from podium.supervisor.service import Service, service_environment
from podium.supervisor.settings import SERVICES, ServiceSpec, SupervisorSettings
from podium.supervisor.state import ServiceState, SupervisorState

_LEFTOVER_GRACE_SECONDS = 2.0
_LOCK_TRIES = 10
_LOCK_PAUSE_SECONDS = 0.03


class AlreadyRunningError(Exception):
    """Another supervisor holds this data directory."""


def take_lock(run_dir: Path) -> TextIO:
    """The lock of the data directory; held as long as the file stays open. Raises `AlreadyRunningError`.

    Tried for a moment: whoever only looks whether a supervisor runs holds it for an instant too.
    """
    file = (run_dir / state_file.LOCK_FILE).open("a+")
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOCK_PAUSE_SECONDS)
        else:
            return file
    file.close()
    raise AlreadyRunningError(f"{run_dir.parent}: another supervisor runs here")


def end_leftovers(run_dir: Path) -> int:
    """Ends what a supervisor left that was killed where the kernel could not end its services; how many."""
    before = state_file.load(run_dir) or {}
    ended = 0
    for service in reversed(before.get("services", [])):
        ended += end(int(service.get("pid", 0)), str(service.get("start_time", "")), _LEFTOVER_GRACE_SECONDS)
    return ended


class Supervisor:
    """Runs the services until told to stop; `say` gets a line for each thing worth knowing."""

    def __init__(
        self,
        installation: Installation,
        settings: SupervisorSettings,
        *,
        version: str,
        say: Callable[[str], None],
        services: Sequence[ServiceSpec] = SERVICES,
    ) -> None:
        self._installation = installation
        self._say = say
        self._state = SupervisorState(version=version, pid=os.getpid(), start_time=start_time(os.getpid()))
        self._said: dict[str, str] = {}
        environment = service_environment(os.environ, installation.data_dir)
        self._services = [
            Service(spec, self._service_state(spec), settings, environment, self._changed) for spec in services
        ]

    async def run(self) -> None:
        """Prepares, starts everything at once, returns after SIGTERM or SIGINT when every process is gone.

        Raises `AlreadyRunningError` and `OSError` before anything was started.
        """
        prepare(self._installation)
        with take_lock(self._installation.run_dir):
            if leftovers := end_leftovers(self._installation.run_dir):
                self._say(f"ended {leftovers} processes of a supervisor that was killed")
            stop = asyncio.Event()
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.add_signal_handler(number, stop.set)
            async with asyncio.TaskGroup() as group:
                for service in self._services:
                    group.create_task(service.run(), name=service.state.name)
                await stop.wait()
                self._state.phase = "stopping"
                self._changed()
                for service in reversed(self._services):
                    await service.stop()
            self._state.phase = "stopped"
            self._changed()
            self._say("stopped")

    def _service_state(self, spec: ServiceSpec) -> ServiceState:
        state = ServiceState(
            name=spec.name,
            address=self._installation.address(spec.name),
            log=str(self._installation.logs_dir / f"{spec.name}.log"),
            awaited=spec.awaited,
        )
        self._state.services.append(state)
        return state

    def _changed(self) -> None:
        """Says and shows what changed; a full disk must not end the services."""
        ready = all(service.state == "ready" for service in self._state.services if service.awaited)
        if ready and self._state.phase == "starting":
            self._state.phase = "ready"
        with contextlib.suppress(OSError):
            self._state.save(self._installation.run_dir)
            for service in self._state.services:
                text = _describe(service)
                if self._said.get(service.name) != text:
                    self._said[service.name] = text
                    self._say(f"{service.name}: {text}")


def _describe(service: ServiceState) -> str:
    if service.state == "pausing":
        return f"ended ({service.last_exit}); starts again in {service.pause_seconds:g} s"
    if service.state == "starting" and service.pid:
        return f"starting, process {service.pid}"
    return service.state
