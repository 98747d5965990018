"""The supervisor over real processes: start, restart, lock, leftovers, stop."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from podium.client.installation import Installation
from podium.kernel.identity import CallerKind, read_token
from podium.supervisor import processes

_PROGRAM = """
import asyncio, sys
from podium.client.installation import Installation
from podium.supervisor.settings import ServiceSpec, SupervisorSettings
from podium.supervisor.supervisor import Supervisor
services = [
    ServiceSpec("event-store", "tests.fakes.service_first"),
    ServiceSpec("runner", "tests.fakes.service_second"),
]
settings = SupervisorSettings(backoff_seconds=0.05, grace_seconds=5.0)
asyncio.run(Supervisor(Installation.locate(sys.argv[1]), settings, version="t", say=print, services=services).run())
"""

ROOT = Path(__file__).parents[2]


class Running:
    """A supervisor process of the test's own."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.installation = Installation.locate(data_dir)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(data_dir)],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def state(self) -> dict[str, Any]:
        try:
            return json.loads((self.installation.run_dir / "supervisor.json").read_text())
        except FileNotFoundError:
            return {"phase": "none", "services": []}

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            state = self.state()
            if holds(state):
                return state
            assert self.process.poll() is None, self.process.stdout and self.process.stdout.read()
            time.sleep(0.02)
        raise AssertionError(f"never came: {self.state()}")

    def ready(self) -> dict[str, Any]:
        return self.until(lambda state: state["phase"] == "ready" and state["pid"] == self.process.pid)

    def stop(self) -> str:
        self.process.terminate()
        output, _ = self.process.communicate(timeout=30)
        return output


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    made: list[Running] = []

    def make(**environment: str) -> Running:
        made.append(Running(tmp_path / "data", **environment))
        return made[-1]

    yield make
    for running in made:
        if running.process.poll() is None:
            running.stop()


def test_it_prepares_starts_and_stops_in_reverse_order(start: Callable[..., Running]) -> None:
    """A new directory gets key and token, private; services become ready by health, and end last-first at SIGTERM."""
    running = start()
    running.ready()
    installation = running.installation
    assert installation.data_dir.stat().st_mode & 0o777 == 0o700
    assert installation.key_file.stat().st_mode & 0o777 == 0o600
    assert installation.person_token_file.stat().st_mode & 0o777 == 0o600
    who = read_token(installation.key_file.read_bytes().strip(), installation.person_token())
    assert who is not None
    assert who.kind is CallerKind.PERSON
    output = running.stop()
    assert running.process.returncode == 0
    assert output.index("runner: stopped") < output.index("event-store: stopped")
    assert running.state()["phase"] == "stopped"
    assert "event-store ends" in (installation.logs_dir / "event-store.log").read_text()


def test_a_killed_service_comes_back(start: Callable[..., Running]) -> None:
    """A service that dies is started again, counted, with its end written down; the other one is left alone."""
    running = start()
    before = running.ready()["services"]
    os.kill(before[0]["pid"], signal.SIGKILL)
    after = running.until(lambda s: s["services"][0]["restarts"] == 1 and s["services"][0]["state"] == "ready")
    assert after["services"][0]["last_exit"] == "signal SIGKILL"
    assert after["services"][0]["pid"] != before[0]["pid"]
    assert after["services"][1]["pid"] == before[1]["pid"]


def test_a_service_that_always_dies_is_paused_ever_longer(start: Callable[..., Running]) -> None:
    """Back-off doubles, and the state file shows the pause and the cause."""
    running = start(PODIUM_FAKE_EXIT="7")
    state = running.until(lambda s: bool(s["services"]) and s["services"][0]["pause_seconds"] >= 0.2)
    assert state["services"][0]["last_exit"] == "status 7"
    assert state["phase"] == "starting"


def test_two_supervisors_never_share_a_directory(start: Callable[..., Running]) -> None:
    """The second one refuses and disturbs nothing."""
    first = start()
    pids = [service["pid"] for service in first.ready()["services"]]
    second = start()
    output, _ = second.process.communicate(timeout=30)
    assert second.process.returncode != 0
    assert "another supervisor runs here" in output
    assert [service["pid"] for service in first.state()["services"]] == pids


def test_no_service_outlives_a_killed_supervisor(start: Callable[..., Running]) -> None:
    """SIGKILL at the supervisor ends its services too: by the kernel, or at the latest by the next supervisor."""
    first = start()
    services = first.ready()["services"]
    first.process.kill()
    first.process.wait()
    second = start()
    second.ready()
    for service in services:
        assert processes.start_time(service["pid"]) != service["start_time"]


def test_key_and_token_outlive_a_restart(start: Callable[..., Running]) -> None:
    """A second start keeps the key and the token of the first."""
    first = start()
    first.ready()
    before = first.installation.key_file.read_bytes(), first.installation.person_token()
    first.stop()
    second = start()
    second.ready()
    assert (second.installation.key_file.read_bytes(), second.installation.person_token()) == before
