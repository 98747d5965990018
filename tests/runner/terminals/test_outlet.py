"""Processes in terminals, real ones: what is typed, sizes, reading that pauses, and how a shell is ended."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium.runner.processes import table
from podium.runner.processes.ending import HANG_UP
from podium.runner.processes.journal import Journal
from podium.runner.processes.outlet import TYPED_BYTES
from podium.runner.processes.supervised import Command, Ended, Supervised


class InTerminal:
    """Runs one command in a terminal, and collects what it writes."""

    def __init__(self, tmp_path: Path) -> None:
        (tmp_path / "processes").mkdir()
        self.journal = Journal(tmp_path / "processes")
        self.directory = tmp_path
        self.output = bytearray()
        self.changed = asyncio.Event()
        self.process: Supervised | None = None

    def take(self, data: bytes) -> None:
        self.output += data
        self.changed.set()

    async def start(self, *argv: str, **more: object) -> Supervised:
        command = Command(
            **{  # type: ignore[arg-type]
                "key": "it",
                "argv": argv,
                "directory": self.directory,
                "environment": {"PATH": os.environ["PATH"], "TERM": "xterm", "HOME": str(self.directory)},
                "terminal": True,
                "grace_seconds": 5.0,
                **more,
            }
        )
        self.process = await Supervised.start(command, self.journal, self.take)
        return self.process

    async def shows(self, text: bytes) -> None:
        async with asyncio.timeout(20):
            while text not in self.output:
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[InTerminal]:
    made = InTerminal(tmp_path)
    yield made
    if made.process is not None and made.journal.entries():
        made.process.stop()
        await made.process.wait()


async def test_a_long_paste_arrives_whole(at: InTerminal) -> None:
    """Much more than a terminal's buffer holds: it waits for its reader, byte for byte, and is bounded."""
    process = await at.start("/bin/sh", "-c", "stty raw -echo; echo ready; head -c 200000 | cksum")
    await at.shows(b"ready")
    paste = bytes(range(32, 127)) * 2200
    assert process.write(paste[:200_000]) == 200_000
    assert process.write(b"x" * TYPED_BYTES) < TYPED_BYTES
    await process.wait()
    script = ["cksum"]
    expected = await asyncio.create_subprocess_exec(
        *script, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await expected.communicate(paste[:200_000])
    assert said.split()[0] in at.output


async def test_a_program_hears_of_a_new_size(at: InTerminal) -> None:
    """SIGWINCH reaches what is in the foreground, and `stty size` says the new one."""
    text = "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.05; done"
    process = await at.start("/bin/sh", "-c", text, size=(24, 80))
    await at.shows(b"ready")
    process.outlet.resize(41, 132)
    assert (await process.wait()).ok
    assert b"41 132" in at.output


async def test_a_paused_reader_holds_its_writer_up(at: InTerminal) -> None:
    """What is not read is not lost: the writer waits, and everything comes when reading goes on."""
    process = await at.start("/bin/sh", "-c", "stty raw; seq 100000; echo all")
    process.outlet.pause()
    seen = len(at.output)
    waiting = asyncio.ensure_future(process.wait())
    done, _ = await asyncio.wait({waiting}, timeout=0.3)
    assert not done, "it cannot have written everything"
    assert len(at.output) == seen
    process.outlet.resume()
    assert (await waiting).ok
    assert bytes(at.output).endswith(b"\n100000\nall\n")


async def test_a_password_prompt_is_known(at: InTerminal) -> None:
    """Asking for a line without showing it is recognised; a shell's own editing is none."""
    process = await at.start("/bin/sh", "-c", "stty -echo; echo word:; read x; stty echo; echo thanks; read y")
    await at.shows(b"word:")
    assert process.outlet.hides_input
    process.write(b"hidden\n")
    await at.shows(b"thanks")
    assert not process.outlet.hides_input
    assert b"hidden" not in at.output
    process.write(b"\n")
    assert (await process.wait()).ok


def is_stopped(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("T")
    except FileNotFoundError:
        return False


def program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except FileNotFoundError:
        return ""


async def test_an_interactive_shell_ends_when_it_is_hung_up(at: InTerminal) -> None:
    """It heeds no SIGTERM; with its terminal gone it ends at once, and so does what was stopped in it."""
    process = await at.start("/bin/bash", "--norc", "-i", end_signals=HANG_UP, grace_seconds=60.0)
    process.write(b"sh -c 'kill -STOP $$; sleep 1000' &\n")
    session = process.pid
    async with asyncio.timeout(20):
        while not any(is_stopped(each.pid) for each in table.members(session)):
            await asyncio.sleep(0.01)
        process.stop()
        end = await process.wait()
    assert end.ended is Ended.STOPPED
    assert table.members(session) == []


COUNTS = """
import os, signal, time
for name in ("SIGHUP", "SIGTERM"):
    signal.signal(getattr(signal, name), lambda number, _: os.write(1, b"heard %d." % number))
os.write(1, b"ready")
while True:
    time.sleep(1)
"""


async def test_what_is_closed_is_asked_once_by_each_signal(at: InTerminal) -> None:
    """SIGHUP, then SIGTERM, each once: many programs take a second request for an order to drop everything."""
    process = await at.start(sys.executable, "-c", COUNTS, end_signals=HANG_UP, grace_seconds=1.0)
    await at.shows(b"ready")
    process.stop()
    end = await process.wait()
    assert end.status == -9, "it heeded neither"
    assert bytes(at.output).endswith(b"readyheard 1.heard 15.")


async def test_what_runs_in_a_shell_tidies_up(at: InTerminal) -> None:
    """A script that a person's shell waits for, as its ~/.bashrc may, gives its lock back; nothing runs after it."""
    lock, script = at.directory / "lock", at.directory / "script"
    script.write_text("trap 'trap \"\" HUP; sleep 0.3; rm lock; exit' HUP\n: > lock; sleep 1000 & echo hel''d; wait\n")
    process = await at.start("/bin/bash", "--norc", "-i", end_signals=HANG_UP, grace_seconds=60.0)
    process.write(b"bash script; touch next\n")
    await at.shows(b"held")
    async with asyncio.timeout(20):
        # What bash has forked off and is about to become another program forgets a signal that comes just then.
        while not any(program(each.pid) == "sleep" for each in table.members(process.pid)):
            await asyncio.sleep(0.01)
        process.stop()
        await process.wait()
    assert not lock.exists() and not (at.directory / "next").exists()


async def test_what_is_left_of_a_killed_runner_is_asked_in_the_same_way(at: InTerminal) -> None:
    """The journal remembers which signals a group heeds: the next runner begins with the same one."""
    process = await at.start(sys.executable, "-c", COUNTS, end_signals=HANG_UP)
    await at.shows(b"ready")
    (entry,) = at.journal.entries()
    assert entry.signals == list(HANG_UP)
    waiting = asyncio.ensure_future(process.wait())
    assert await at.journal.end_leftovers(1.0) == ["it"]
    await waiting
    assert bytes(at.output).endswith(b"readyheard 1.heard 15.")
