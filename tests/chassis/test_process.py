"""A service as a real process: `run`, its signals and its exit status."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest
from grpc_health.v1.health_pb2_grpc import HealthStub

from podium.client.installation import Installation

SERVICE = """
import asyncio, sys
from podium.chassis.server import run
from podium.chassis.settings import load

async def start(shell):
    if shell.settings.instance == "broken":
        raise LookupError("no store")
    if shell.settings.instance == "waiting":
        await asyncio.Event().wait()
    if shell.settings.instance == "doomed":
        async def break_down():
            raise ConnectionError("follower lost")
        shell.tasks.spawn(break_down())
    return []

sys.exit(run(load("maestro"), start))
"""


@pytest.fixture
def place(tmp_path: Path) -> Installation:
    return Installation.locate(tmp_path)


def _start(place: Installation, *options: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PODIUM_DATA_DIR": str(place.data_dir), "PODIUM_SHUTDOWN_GRACE_SECONDS": "1"}
    command = [sys.executable, "-c", SERVICE, *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)


def _wait_until_serving(place: Installation) -> None:
    with grpc.insecure_channel(place.address("maestro")) as channel:
        HealthStub(channel).Check(HealthCheckRequest(), wait_for_ready=True, timeout=20)


def _end(process: "subprocess.Popen[str]") -> tuple[int, str]:
    _, text = process.communicate(timeout=20)
    return process.returncode, text


def test_a_signal_stops_in_order_and_a_killed_one_is_no_obstacle(place: Installation) -> None:
    """SIGTERM: exit 0 and no socket left. SIGKILL leaves a socket behind, which the next process clears away."""
    killed = _start(place)
    _wait_until_serving(place)
    killed.kill()
    _end(killed)
    path = place.socket("maestro")
    assert path.is_socket()

    process = _start(place, "--log-format", "json")
    _wait_until_serving(place)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert place.key_file.stat().st_mode & 0o777 == 0o600
    second_status, second_text = _end(_start(place))
    assert second_status == 1 and "another process serves there" in second_text
    process.send_signal(signal.SIGTERM)
    status, text = _end(process)
    assert status == 0, text
    assert all(line.startswith("{") for line in text.splitlines())
    assert not path.exists()


def test_a_service_that_still_waits_can_be_stopped(place: Installation) -> None:
    """SIGTERM before `start` has returned (its peers are away): an orderly stop, exit status 0."""
    process = _start(place, "--instance", "waiting")
    _wait_until_serving(place)
    process.send_signal(signal.SIGTERM)
    status, text = _end(process)
    assert status == 0 and "ready" not in text


def test_settings_that_cannot_be_understood_are_a_line(place: Installation) -> None:
    """A wrong setting is exit status 2 and one line that names it, no traceback."""
    status, text = _end(_start(place, "--log-level", "loud"))
    assert status == 2
    assert text.splitlines() == ["podium serve maestro: log_level: must be one of debug, info, warning, error"]


@pytest.mark.parametrize(("instance", "word"), [("broken", "no store"), ("doomed", "follower lost")])
def test_a_failure_is_exit_status_one_and_a_line_in_the_log(place: Installation, instance: str, word: str) -> None:
    """A start that raises, a background task that fails: the process ends with status 1 and says why."""
    status, text = _end(_start(place, "--instance", instance))
    assert status == 1
    assert word in text


def test_what_is_no_socket_is_not_removed(place: Installation) -> None:
    """A file at the socket's path is somebody's: the process refuses to start and the file stays."""
    place.ensure()
    place.socket("maestro").write_text("precious")
    status, text = _end(_start(place))
    assert status == 1 and "is not a socket" in text
    assert place.socket("maestro").read_text() == "precious"


def test_a_taken_port_is_said_plainly(place: Installation) -> None:
    """A TCP address that another process listens on: exit status 1, the address in the log."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        status, text = _end(_start(place, "--listen", address))
    assert status == 1 and address in text
