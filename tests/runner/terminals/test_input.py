"""Input as a runner takes it: by its place in all that was typed, and never twice."""

import asyncio
from pathlib import Path

from podium.runner.processes.journal import Journal
from podium.runner.processes.supervised import Command, Supervised
from podium.runner.terminals.pace import Flow, Pace
from podium.runner.terminals.terminal import KEPT_SIZES, Terminal


def a_terminal(kept: list[bytes]) -> Terminal:
    return Terminal("p", "s", Flow(Pace(lambda: 0.0)), kept.append)


async def shows(terminal: Terminal, text: bytes) -> None:
    async with asyncio.timeout(20):
        while text not in terminal.ring.after(0, 100)[1]:
            terminal.changed.clear()
            await terminal.changed.wait()


async def test_what_has_come_does_not_come_again(tmp_path: Path) -> None:
    """Repeats are known by their offset; what is missing is counted, and what comes behind it is typed."""
    kept: list[bytes] = []
    terminal = a_terminal(kept)
    (tmp_path / "processes").mkdir()
    words = ("/bin/sh", "-c", "stty raw -echo; echo ready; head -c 8")
    command = Command("it", words, tmp_path, {"PATH": "/usr/bin:/bin"}, terminal=True)
    process = await Supervised.start(command, Journal(tmp_path / "processes"), terminal.took)
    terminal.connect(process.outlet)
    await shows(terminal, b"ready")
    for data, offset in ((b"abc", 0), (b"bcd", 1), (b"ab", 0), (b"xy", 10), (b"z", None), (b"\r", 13)):
        terminal.type(data, offset)
    assert terminal.received == 14
    await process.wait()
    terminal.disconnect()
    assert terminal.ring.after(0, 100)[1].endswith(b"abcdxyz\r") and terminal.waiting == 0
    assert kept == [b"abcdxyz\r"]


async def test_what_waits_for_the_process_is_known(tmp_path: Path) -> None:
    """A program that does not read leaves input waiting; reading makes it less, which whoever serves it hears of."""
    terminal = a_terminal([])
    (tmp_path / "processes").mkdir()
    words = ("/bin/sh", "-c", "stty raw -echo; echo ready; sleep 1000 & wait")
    command = Command("it", words, tmp_path, {"PATH": "/usr/bin:/bin"}, terminal=True, grace_seconds=0.1)
    process = await Supervised.start(command, Journal(tmp_path / "processes"), terminal.took)
    terminal.connect(process.outlet)
    await shows(terminal, b"ready")
    terminal.type(b"x" * 100_000, 0)
    assert 0 < terminal.waiting <= terminal.received == 100_000
    process.stop()
    await process.wait()
    terminal.disconnect()
    assert terminal.waiting == 0, "nobody is there any more to take it"


def test_sizes_are_kept_with_their_place() -> None:
    """Each with the output that was written before it; one in which nothing was written is forgotten, old ones go."""
    terminal = a_terminal([])
    terminal.resize(30, 100)
    terminal.took(b"wide")
    for size in ((24, 60), (24, 60), (24, 50)):
        terminal.resize(*size)
    assert list(terminal.sizes) == [(0, (30, 100)), (4, (24, 50))] and terminal.size == (24, 50)
    for rows in range(1, 2 * KEPT_SIZES):
        terminal.took(b"x")
        terminal.resize(rows, 80)
    assert len(terminal.sizes) == KEPT_SIZES
