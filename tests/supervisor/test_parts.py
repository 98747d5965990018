"""The supervisor's small parts: settings, log rotation, leftovers, environment, health by hand."""

import asyncio
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from podium.supervisor import logs, processes, settings
from podium.supervisor.health import serving
from podium.supervisor.service import service_environment


def test_settings_default_without_a_file(tmp_path: Path) -> None:
    """No file and no section mean the defaults."""
    assert settings.load(tmp_path / "podium.toml") == settings.SupervisorSettings()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[supervisor]\nbackof_seconds = 1", "supervisor.backof_seconds: unknown"),
        ("[supervisor]\ngrace_seconds = 0", "above 0"),
        ("[supervisor]\nlog_keep = 1.5", "whole number"),
        ("[supervisor]\ngrace_seconds = true", "above 0"),
        ("supervisor = 1", "must be a table"),
        ("[supervisor", "podium.toml"),
    ],
)
def test_wrong_settings_are_refused_with_their_place(tmp_path: Path, text: str, says: str) -> None:
    """A wrong name, value or syntax is refused, naming it."""
    (tmp_path / "podium.toml").write_text(text)
    with pytest.raises(settings.SettingsError, match=says):
        settings.load(tmp_path / "podium.toml")


def test_rotation_keeps_a_bounded_number(tmp_path: Path) -> None:
    """A log over its limit is set aside, at most `keep` of them, and an open writer goes on at the new start."""
    log = tmp_path / "x.log"
    with log.open("ab", buffering=0) as file:
        for number in range(5):
            file.write(f"{number}".encode() * 20)
            assert logs.rotate(log, 10, keep=2)
        file.write(b"end")
    assert log.read_bytes() == b"end"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.log", "x.log.1", "x.log.2"]
    assert (tmp_path / "x.log.1").read_bytes() == b"4" * 20


def test_a_leftover_is_ended_only_under_its_own_start_time() -> None:
    """A process id that now belongs to somebody else is left alone."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    started = processes.start_time(process.pid)
    assert not processes.end(process.pid, started + "0", 5.0)
    assert process.poll() is None
    assert processes.end(process.pid, started, 5.0)
    assert process.wait(timeout=10) != 0


def test_services_do_not_inherit_an_agents_identity(tmp_path: Path) -> None:
    """`podium up` inside an agent starts services that know nothing of that agent."""
    environment = service_environment(
        {"PATH": "/bin", "PODIUM_AGENT_TOKEN": "t", "PODIUM_POD_ID": "p", "PODIUM_LOG_LEVEL": "debug"}, tmp_path
    )
    assert environment["PODIUM_DATA_DIR"] == str(tmp_path)
    assert environment["PODIUM_LOG_LEVEL"] == "debug"
    assert not {"PODIUM_AGENT_TOKEN", "PODIUM_POD_ID"} & set(environment)


async def test_health_by_hand_says_what_the_server_says(tmp_path: Path) -> None:
    """SERVING is seen as such; NOT_SERVING, no socket, and a server of another kind are not."""
    server = grpc.aio.server()
    servicer = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    address = f"unix:{tmp_path}/s.sock"
    server.add_insecure_port(address)
    await server.start()
    await servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    assert await serving(address)
    await servicer.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
    assert not await serving(address)
    await server.stop(None)
    assert not await serving(address)
    assert not await serving(f"unix:{tmp_path}/nowhere.sock")

    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    other = await asyncio.start_unix_server(babble, f"{tmp_path}/other.sock")
    async with other:
        assert not await serving(f"unix:{tmp_path}/other.sock")
