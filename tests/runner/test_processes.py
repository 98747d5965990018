"""Supervised processes, with real ones: limits, whole groups, terminals, and what a dead runner left."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podium.runner.processes import table
from podium.runner.processes.ending import end_group
from podium.runner.processes.journal import Journal
from podium.runner.processes.supervised import Command, Ended, StartError, Supervised


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    (tmp_path / "processes").mkdir()
    return Journal(tmp_path / "processes")


class Script:
    """Runs shell scripts under supervision, and collects what they write."""

    def __init__(self, journal: Journal, directory: Path) -> None:
        self.journal = journal
        self.directory = directory
        self.output = b""
        self.changed = asyncio.Event()

    def take(self, data: bytes) -> None:
        self.output += data
        self.changed.set()

    async def start(self, text: str, **more: object) -> Supervised:
        command = Command(
            **{  # type: ignore[arg-type]
                "key": "it",
                "argv": ["/bin/sh", "-c", text],
                "directory": self.directory,
                "environment": {"PATH": os.environ["PATH"]},
                "grace_seconds": 1.0,
                **more,
            }
        )
        return await Supervised.start(command, self.journal, self.take)

    async def until(self, text: bytes) -> None:
        async with asyncio.timeout(10):
            while text not in self.output:
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def script(journal: Journal, tmp_path: Path) -> Script:
    return Script(journal, tmp_path)


def is_alive(pid: int) -> bool:
    return table.row(pid) is not None


async def test_output_and_status_arrive_whole(script: Script) -> None:
    """What a process wrote before its end is all there, from both outputs, and its status is its own."""
    process = await script.start("echo out; echo err >&2; exit 7")
    end = await process.wait()
    assert (end.ended, end.status) == (Ended.EXITED, 7)
    assert script.output == b"out\nerr\n"
    assert script.journal.entries() == []


async def test_it_runs_in_a_session_of_its_own(script: Script) -> None:
    """Its group is its own, so that all of it can be ended and none of ours."""
    process = await script.start("sleep 100")
    row = table.row(process.pid)
    assert row is not None
    assert row.session == row.group == process.pid
    assert [e.pid for e in script.journal.entries()] == [process.pid]
    process.stop()
    assert (await process.wait()).ended is Ended.STOPPED


@pytest.fixture
def ignoring() -> Iterator[None]:
    """We were started by `nohup`, and in the background of a script."""
    numbers = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    yield
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("ignoring")
@pytest.mark.parametrize("terminal", [False, True])
async def test_it_heeds_what_we_ignore(script: Script, terminal: bool) -> None:
    """However Podium was started, no signal is ignored or held back in what it starts."""
    process = await script.start("exec grep -E '^Sig(Ign|Blk)' /proc/self/status", terminal=terminal)
    assert (await process.wait()).ok
    c_librarys_own = 1 << 31 | 1 << 32  # signals 32 and 33: no program can set them, some leave them ignored
    assert [int(line.split()[1], 16) & ~c_librarys_own for line in script.output.splitlines()] == [0, 0]


async def test_the_whole_group_is_ended(script: Script) -> None:
    """Children, grandchildren and those that ignore SIGTERM are gone when `wait` returns."""
    process = await script.start("(trap '' TERM; echo $$; sleep 100 & echo $!; wait) & echo ready; sleep 100")
    await script.until(b"ready")
    session = process.pid
    process.stop()
    await process.wait()
    assert table.members(session) == []


async def test_children_that_outlive_their_parent_are_ended(script: Script) -> None:
    """The process ends by itself; what it left in the background goes with it."""
    process = await script.start("sleep 100 & echo $!")
    end = await process.wait()
    assert end.ok
    assert not is_alive(int(script.output))


@pytest.mark.skipif(not table.has_proc(), reason="strays are found by /proc")
async def test_a_child_that_left_the_session_is_found_by_its_marker(script: Script) -> None:
    """setsid does not save it."""
    process = await script.start("setsid sleep 100 & echo $!; sleep 0.1")
    await process.wait()
    assert table.marked(script.journal.mark("it")) == []


async def test_another_runners_group_of_the_same_key_lives_on(script: Script, tmp_path: Path) -> None:
    """What marks a group is the runner's own: two of one user on a machine do not end each other's."""
    (tmp_path / "other").mkdir()
    other = Script(Journal(tmp_path / "other"), tmp_path)
    theirs, mine = await other.start("sleep 100"), await script.start("true")
    await mine.wait()
    assert is_alive(theirs.pid)
    theirs.stop()
    await theirs.wait()


async def test_the_time_limit_ends_it(script: Script) -> None:
    """`remaining` says how long it may go on; at nothing it is ended."""
    end_at = time.monotonic() + 0.2
    process = await script.start("sleep 100")
    end = await process.wait(lambda: end_at - time.monotonic())
    assert end.ended is Ended.TIME_LIMIT


async def test_the_output_limit_ends_it(script: Script) -> None:
    """A process that writes without end is ended, and no more than the limit is passed on."""
    process = await script.start("yes", output_limit_bytes=100_000)
    assert (await process.wait()).ended is Ended.OUTPUT_LIMIT
    assert len(script.output) <= 100_000


async def test_a_command_that_does_not_exist_is_said(script: Script) -> None:
    """The error names it, and nothing is left behind."""
    with pytest.raises(StartError, match="no-such-agent"):
        await script.start("", argv=["no-such-agent"])
    assert script.journal.entries() == []


async def test_a_cancelled_wait_leaves_nothing(script: Script) -> None:
    """Whoever waits may be cancelled: the process is ended all the same."""
    process = await script.start("sleep 100")
    waiting = asyncio.ensure_future(process.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert table.members(process.pid) == []
    assert script.journal.entries() == []


async def test_a_terminal_is_a_terminal(script: Script) -> None:
    """It has a size, it is the controlling one, and what is typed arrives."""
    text = "test -t 0 && test -t 1 && stty size < /dev/tty && read line && echo got $line"
    process = await script.start(text, terminal=True, size=(33, 77))
    await script.until(b"33 77")
    process.write(b"hello\n")
    end = await process.wait()
    assert end.ok
    assert b"got hello" in script.output


async def test_its_input_is_a_file_or_nothing(script: Script, tmp_path: Path) -> None:
    """Instructions come in by standard input; without them there is nothing to wait for."""
    (tmp_path / "in").write_text("do this")
    process = await script.start("cat; echo .", stdin=tmp_path / "in")
    await process.wait()
    process = await script.start("cat; echo .")
    await process.wait()
    assert script.output == b"do this.\n.\n"


async def test_its_environment_is_what_was_given(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of ours gets through."""
    monkeypatch.setenv("SECRET_KEY", "hidden")
    process = await script.start("env")
    await process.wait()
    names = {line.split(b"=")[0] for line in script.output.splitlines()}
    assert names - {b"PWD", b"_", b"SHLVL", b"OLDPWD", b"LC_CTYPE"} == {b"PATH", b"PODIUM_PROCESS"}


# -- a runner that was killed ----------------------------------------------------------------------------------------

CHILD = """
import asyncio, sys
from pathlib import Path
from podium.runner.processes.journal import Journal
from podium.runner.processes.supervised import Command, Supervised

async def main():
    journal = Journal(Path(sys.argv[1]))
    text = "trap '' TERM; sleep 1000 & sleep 1000"
    command = Command("agent_1.1", ["/bin/sh", "-c", text], Path("/"), {"PATH": "/usr/bin:/bin"})
    process = await Supervised.start(command, journal, lambda data: None)
    print(process.pid, flush=True)
    await process.wait()

asyncio.run(main())
"""


def start_victim(directory: Path) -> tuple["subprocess.Popen[str]", int]:
    """A runner in small, with one process under way."""
    path = os.pathsep.join(p for p in sys.path if p)
    victim = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(directory)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert victim.stdout is not None
    return victim, int(victim.stdout.readline())


async def test_a_restarted_runner_ends_what_a_killed_one_left(tmp_path: Path, journal: Journal) -> None:
    """SIGKILL the runner: its agents live on until the next one reads the journal; then none does."""
    victim, pid = start_victim(tmp_path / "processes")
    wait_until(lambda: len(table.members(pid)) == 3)  # the shell and its two children
    victim.kill()
    victim.wait()
    assert len(table.members(pid)) == 3
    assert await journal.end_leftovers(0.1) == ["agent_1.1"]
    assert table.members(pid) == []
    assert journal.entries() == []


async def test_a_reused_process_id_is_left_alone(journal: Journal, tmp_path: Path) -> None:
    """The journal names a process by id and start: another one with the same id is not touched."""
    other = subprocess.Popen(["sleep", "100"], start_new_session=True)
    try:
        journal.add("agent_1.1", other.pid)
        path = next((tmp_path / "processes").glob("*.json"))
        row = table.row(other.pid)
        assert row is not None
        path.write_text(path.read_text().replace(f'"{row.start}"', '"12"'))
        assert await journal.end_leftovers(0.1) == []
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


async def test_a_runner_that_dies_before_the_journal_starts_nothing(tmp_path: Path) -> None:
    """The helper waits for leave to begin; without it, it ends."""
    helper = Path(table.__file__).with_name("launch_helper.py")
    go_read, go_write = os.pipe()
    status_read, status_write = os.pipe()
    mark = tmp_path / "ran"
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(helper), str(go_read), str(status_write), "pipe", "touch", str(mark)],
        pass_fds=(go_read, status_write),
    )
    os.close(go_read)
    os.close(go_write)
    assert process.wait() == 125
    os.close(status_read)
    os.close(status_write)
    assert not mark.exists()


async def test_ending_asks_before_it_kills(script: Script) -> None:
    """SIGTERM comes first: a process that heeds it can tidy up."""
    process = await script.start("trap 'echo tidy; exit 0' TERM; echo ready; while :; do sleep 0.05; done")
    await script.until(b"ready")
    process.stop()
    await process.wait()
    assert b"tidy" in script.output


async def test_nothing_to_end_is_fine() -> None:
    """A group that is gone needs no signal."""
    gone = subprocess.Popen(["true"], start_new_session=True)
    gone.wait()
    assert await end_group(gone.pid, "no-such-key", 0.1)


def test_the_table_knows_zombies_for_dead(tmp_path: Path) -> None:
    """A process that has ended but was not waited for does nothing any more."""
    child = subprocess.Popen(["true"])
    wait_until(lambda: table.row(child.pid) is None)
    child.wait()
    assert signal.SIGKILL


def wait_until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)
