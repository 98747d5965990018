"""`podium store`: reading what is there, and the way of a store into a copy and back."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from podium.client.connection import Podium
from podium.client.installation import Installation
from podium.event_store.adapters.restoring import verify_copy
from podium.events.v1.event_pb2 import NewEvent
from podium.events.v1.lease_events_pb2 import LeaseAcquired
from podium.kernel.identity import CallerKind, Identity, issue_token
from tests.event_store.conftest import Server
from tests.event_store.words import event, to, whole


class Desk:
    """A person before a served store: as `podium up` leaves it, but with the event store only."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.place: Installation = server.settings.installation
        key = self.place.key_file.read_bytes().strip()
        self.place.ensure()
        self.place.person_token_file.write_text(issue_token(key, Identity(CallerKind.PERSON, "anna")))
        self._lock: Any = None

    def up(self) -> None:
        """The supervisor's lock is what tells the command line that services run."""
        import fcntl

        self._lock = (self.place.run_dir / "supervisor.lock").open("a")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    async def down(self) -> None:
        await self.server.stop()
        self._lock.close()

    async def run(self, *words: str, code: int = 0) -> Any:
        """`podium store … --output json`: what it prints (a list where it prints lines)."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "podium.cli.main", "store", *words),
            *("--output", "json", "--data-dir", str(self.place.data_dir)),
            env={name: value for name, value in os.environ.items() if not name.startswith("PODIUM_")},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == code, err.decode()
        if code not in (0, 1):
            return json.loads(err)["error"]
        try:
            return json.loads(out)
        except json.JSONDecodeError:
            return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
async def desk(server: Server) -> AsyncIterator[Desk]:
    made = Desk(server)
    made.up()
    yield made


async def test_events_are_shown_decoded_and_within_limits(desk: Desk, podium: Podium) -> None:
    """Podium's own types by their fields, JSON and text as such, unknown bytes in base 64."""
    known = LeaseAcquired(name="r-1", epoch=3, address="unix:/x")
    for made in (
        NewEvent(
            type="podium.events.v1.LeaseAcquired", data=known.SerializeToString(), metadata={"actor": "user:anna"}
        ),
        NewEvent(type="note", data=b'{"a": [1]}', content_type="application/json"),
        NewEvent(type="note", data="grüße".encode(), content_type="text/plain"),
        NewEvent(type="note", data=b"\xff\x00", content_type="image/png"),
        NewEvent(type="podium.pods.v1.NoSuchFact", data=b"\x0a\x01x"),
    ):
        await podium.events.append([to("a/1", made)])
    shown = await desk.run("read", "a/1")
    assert [each["revision"] for each in shown] == [1, 2, 3, 4, 5]
    assert shown[0]["data"] == {"name": "r-1", "epoch": 3, "address": "unix:/x", "metadata": {}}
    assert [each.get("data", each.get("data_base64")) for each in shown[1:]] == [{"a": [1]}, "grüße", "/wA=", "CgF4"]
    assert [each["revision"] for each in await desk.run("read", "a/1", "--after", "1", "-n", "2")] == [2, 3]
    assert [each["position"] for each in await desk.run("read", "--type", "note", "--last", "2")] == [3, 4]
    assert (await desk.run("read", "a/1", "--type", "note", code=2))["message"].startswith("--prefix and --type")
    (stream,) = await desk.run("streams", "a/")
    assert (stream["stream"], stream["revision"]) == ("a/1", 5)


async def test_a_person_appends_and_is_told_where_it_went(desk: Desk, podium: Podium) -> None:
    """Known types take their fields as JSON; a repeat of the id stores nothing twice; pods are their owner's."""
    word = ["append", "notes/1", "podium.events.v1.LeaseAcquired", '{"name": "r-1"}', "--event-id", "0" * 32]
    assert (await desk.run(*word, "--expect", "0"))["revision"] == 1
    assert (await desk.run(*word))["duplicate"] is True
    (stored,) = await whole(podium)
    assert LeaseAcquired.FromString(stored.data) == LeaseAcquired(name="r-1")
    assert (await desk.run("append", "notes/1", "note", "{}", "--expect", "7", code=5))["reason"] == "REVISION_CONFLICT"
    assert (await desk.run("append", "pods/1", "note", "{}", code=5))["reason"] == "FENCE_REQUIRED"
    assert "cannot be read" in (await desk.run("append", "notes/1", "note", "{", code=2))["message"]


async def test_tail_tells_what_comes(desk: Desk, podium: Podium) -> None:
    """All behind a point, then each event as it is stored."""
    await podium.events.append([to("a/1", event(b"\x01"))])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "podium.cli.main", "store", "tail", "a/1", "--after", "0"),
        *("--output", "json", "--data-dir", str(desk.place.data_dir)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert json.loads(await process.stdout.readline())["revision"] == 1
    await podium.events.append([to("a/1", event(b"\x02"))])
    assert json.loads(await process.stdout.readline())["data_base64"] == "Ag=="
    process.terminate()
    await process.wait()


async def _facts(podium: Podium) -> list[bytes]:
    return [each.SerializeToString(deterministic=True) for each in await whole(podium)]


def _checksums(path: Path) -> list[tuple[int, int, bytes]]:
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return list(db.execute("SELECT position, checksum, event_id FROM events ORDER BY position"))
    finally:
        db.close()


async def test_backup_and_restore_give_the_same_log(desk: Desk, podium: Podium, tmp_path: Path) -> None:
    """Taken while it served, put back while it is stopped: same events, ids, positions and checksums; it goes on."""
    await podium.events.append([to("a/1", *(event(bytes([n])) for n in range(20))), to("b/1")])
    before, copy = await _facts(podium), tmp_path / "copy.sqlite3"
    assert (await desk.run("backup", str(copy)))["last_position"] == 21
    await podium.events.append([to("a/1")])
    assert (await desk.run("restore", str(copy), code=5))["message"] == "the services run"
    await desk.down()
    sums = _checksums(copy)
    assert "--replace" in (await desk.run("restore", str(copy), code=5))["message"]
    done = await desk.run("restore", str(copy), "--replace")
    assert done["last_position"] == 21
    assert verify_copy(Path(done["aside"]))["checked"] == 22
    assert _checksums(desk.place.store_path) == sums
    assert await desk.run("verify") == {"checked": 21, "damage": "", "damaged_position": 0}
    await desk.server.start()
    again = desk.server.connect()
    assert await _facts(again) == before
    assert (await again.events.append([to("a/1", expect=20)])).last_position == 22


async def test_verify_names_the_first_damaged_row_of_a_copy(desk: Desk, podium: Podium, tmp_path: Path) -> None:
    """One bit of one payload flipped in the file: that row is named, and such a copy is not restored."""
    copy = tmp_path / "copy.sqlite3"
    await podium.events.append([to("a/1", *(event(b"payload number %03d" % n) for n in range(200)))])
    assert (await desk.run("verify"))["checked"] == 200
    await desk.run("backup", str(copy))
    data = bytearray(copy.read_bytes())
    for number in (150, 120):
        data[data.find(b"payload number %03d" % number)] ^= 0x04
    copy.write_bytes(data)
    found = await desk.run("verify", "--file", str(copy), code=1)
    assert (found["checked"], found["damaged_position"]) == (120, 121)
    assert "checksum" in found["damage"]
    await desk.down()
    refused = await desk.run("restore", str(copy), "--replace", code=5)
    assert "position 121" in refused["message"]
    assert (await desk.run("verify"))["checked"] == 200
