"""A killed store loses nothing that it acknowledged."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from podium.chassis.settings import ServiceSettings
from podium.client.connection import Podium
from podium.client.events import new_event_id
from podium.events.v1.event_pb2 import NewEvent, StreamAppend
from podium.kernel.identity import CallerKind, Identity, issue_token
from tests.event_store.words import whole
from tests.support.postgres import clean_database

WRITERS = 16


async def start_process(folder: Path, store: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "podium.event_store",
        "--data-dir",
        str(folder),
        "--log-level",
        "error",
        *(("--store", store) if store else ()),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(("services", "clients/python", "protos/gen"))},
        cwd=Path(__file__).parents[2],
    )


async def connected(settings: ServiceSettings) -> Podium:
    while not settings.key_file.exists():
        await asyncio.sleep(0.02)
    token = issue_token(settings.key_file.read_bytes().strip(), Identity(CallerKind.SERVICE, "pod-manager"))
    podium = Podium.connect(installation=settings.installation, token=token)
    while not await podium.serving("event-store"):
        await asyncio.sleep(0.02)
    return podium


ROUNDS, SOAK_ROUNDS = 3, 100


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_every_acknowledged_event_is_there_once_in_order_after_kill_9(kind: str, tmp_path: Path) -> None:
    """Killed in mid-load and started again while the writers go on: each event once, no position missing."""
    await killed_in_rounds(kind, tmp_path, ROUNDS)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_hundred_kills_lose_nothing(kind: str, tmp_path: Path) -> None:
    """The same, a hundred times over on one log."""
    await killed_in_rounds(kind, tmp_path, SOAK_ROUNDS)


async def killed_in_rounds(kind: str, folder: Path, rounds: int) -> None:
    settings = ServiceSettings(service="event-store", data_dir=folder)
    store = clean_database() if kind == "postgres" else ""
    process = await start_process(folder, store)
    acknowledged: dict[bytes, int] = {}
    finish = asyncio.Event()

    async def write(podium: Podium, stream: str) -> int:
        revision = 0
        while not finish.is_set():
            event = NewEvent(event_id=new_event_id(), type="T", data=stream.encode())
            append = StreamAppend(stream=stream, expected_revision=revision, events=[event])
            answer = await podium.events.append([append], timeout_seconds=60)
            revision += 1
            acknowledged[event.event_id] = answer.first_position
        return revision

    async def more(count: int) -> None:
        goal = len(acknowledged) + count
        while len(acknowledged) < goal:
            assert not any(writer.done() for writer in writers), [writer for writer in writers if writer.done()]
            await asyncio.sleep(0.001)

    async with await connected(settings) as podium:
        writers = [asyncio.ensure_future(write(podium, f"a/{number}")) for number in range(WRITERS)]
        try:
            for _ in range(rounds):
                await more(300)
                process.send_signal(signal.SIGKILL)
                await process.wait()
                process = await start_process(folder, store)
            await more(200)
            finish.set()
            revisions = await asyncio.gather(*writers)
            found = await whole(podium)
        finally:
            process.terminate()
            status = await process.wait()
    assert status == 0
    assert [event.position for event in found] == list(range(1, len(found) + 1))
    assert {event.event_id: event.position for event in found} == acknowledged
    for number, last in enumerate(revisions):
        assert [e.revision for e in found if e.stream == f"a/{number}"] == list(range(1, last + 1))
