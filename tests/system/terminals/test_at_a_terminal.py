"""Sessions of people in terminals, whole: real services, real processes, a person at a real terminal."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from podium.jobs.v1.artifact_events_pb2 import TRANSCRIPT_SOURCE_INPUT
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1 import task_pb2
from tests.support import story
from tests.support.at_a_terminal import AtATerminal
from tests.support.installation import LocalInstallation
from tests.support.sessions import SECRET, Desk, call

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

SHELL = ("/bin/bash", "--norc", "--noprofile", "-i")

Person = Callable[..., AtATerminal]


async def test_a_session_from_its_beginning_to_its_end(desk: Desk, person: Person) -> None:
    """Typing, the window's size and every later one, detaching, coming back to what was shown, the exit code."""

    def told() -> None:
        terminal = person("session", "new", "--name", "mine", "--env", "PS1=go> ", "--", *SHELL)
        terminal.sees("go> ")
        terminal.types("stty size; pwd; echo marker-$((40+2))")
        terminal.sees("30 100")
        terminal.sees(str(desk.repository))
        terminal.sees("marker-42")
        terminal.resizes(41, 111)
        terminal.types("until [ \"$(stty size)\" = '41 111' ]; do sleep 0.05; done; echo it-is-$((1+1))")
        terminal.sees("it-is-2")
        terminal.presses("\x1d")
        terminal.sees("detached; return with")
        assert terminal.ends() == 0
        again = person("attach", "mine")
        again.sees("marker-42")
        again.sees("it-is-2")
        again.types("exit 7")
        again.sees("has ended: exit status 7")
        assert again.ends() == 7

    await asyncio.to_thread(told)
    listed = (await desk.podium.maestro.ListSessions(pb.ListSessionsRequest(project_id=desk.project_id))).sessions
    assert [(each.name, each.status) for each in listed] == [("mine", task_pb2.SESSION_STATUS_FAILED)]
    assert listed[0].exit_status == 7
    typed = [c.data for c in await desk.transcript(listed[0].id) if c.source == TRANSCRIPT_SOURCE_INPUT]
    assert b"exit 7\r" in typed


@pytest.mark.parametrize(
    ("text", "status", "code", "signal_number"),
    [
        ("echo well; exit 0", task_pb2.SESSION_STATUS_COMPLETED, 0, 0),
        ("echo badly; exit 3", task_pb2.SESSION_STATUS_FAILED, 3, 0),
        ("echo killed; kill -9 $$", task_pb2.SESSION_STATUS_FAILED, 0, 9),
    ],
)
async def test_how_it_ends(
    place: LocalInstallation, desk: Desk, text: str, status: int, code: int, signal_number: int
) -> None:
    """0 is COMPLETED, anything else FAILED with the status or signal; whoever attaches later sees all of it."""
    made = await desk.spawn("/bin/sh", "-c", text)
    ended = await desk.ended(made.id)
    assert (ended.status, ended.exit_status, ended.exit_signal) == (status, code, signal_number)
    answer = call(place, desk, "attach", made.id, "--read-only")
    assert text.split(";", maxsplit=1)[0].split()[1] in answer.stdout
    assert answer.returncode == (128 + signal_number if signal_number else code)


async def test_what_cannot_be_started_says_why(desk: Desk) -> None:
    """A program that is not there, a directory that is not there, a profile that nobody talks to."""
    cases = {
        "no-such-program": await desk.spawn("no-such-program"),
        "is no directory": await desk.spawn("true", working_directory="nowhere"),
    }
    for words, made in cases.items():
        ended = await desk.ended(made.id)
        assert ended.status == task_pb2.SESSION_STATUS_FAILED
        assert words in ended.exit_reason


async def test_what_cannot_be_started_is_said_to_who_waits(desk: Desk, person: Person) -> None:
    """At the terminal that asked for it: the cause, and an exit code that is not 0."""

    def told() -> None:
        terminal = person("session", "new", "--", "no-such-program")
        terminal.sees("has ended: no-such-program: No such file or directory")
        assert terminal.ends() == 1

    await asyncio.to_thread(told)


async def test_keys_go_to_the_program(desk: Desk, person: Person) -> None:
    """Ctrl-C, Ctrl-Z and the like are the program's, not the command line's; a long paste arrives whole."""

    def told() -> None:
        terminal = person("session", "new", "--env", "PS1=go> ", "--", *SHELL)
        terminal.sees("go> ")
        sleeper = "/bin/sh -c 'echo run''ning; exec sleep 1000'"
        terminal.types(sleeper)
        terminal.sees("running")
        terminal.presses("\x03")
        terminal.sees("go> ")
        terminal.types("echo code-$?-")
        terminal.sees("code-130-")
        terminal.types(sleeper)
        terminal.sees("running")
        terminal.presses("\x1a")
        terminal.sees("Stopped")
        terminal.types("kill %1; /bin/sh -c 'stty -echo; echo rea''dy; exec wc -c'")
        terminal.sees("ready")
        terminal.presses("0123456789abcdef\r" * 2000 + "\x04")
        terminal.sees("34000")
        terminal.types("exit 0")
        assert terminal.ends() == 0

    await asyncio.to_thread(told)


async def test_its_tasks_are_in_its_instructions(desk: Desk) -> None:
    """$PODIUM_INSTRUCTIONS names a file with the prompts of the tasks that it holds."""
    task = await desk.task("Mend", prompt="Mend the fence.")
    made = await desk.run('cat "$PODIUM_INSTRUCTIONS"; echo; env | grep -c TOKEN; read x', task_ids=[task.id])
    async with desk.attach(made.id) as screen:
        await screen.sees(f"Task #{task.number}: Mend")
        await screen.sees("Mend the fence.")
        await screen.sees("0\r\n")
        await screen.types("done")
        assert (await screen.ends()).status == 0


async def test_secrets_are_shown_but_not_kept(desk: Desk) -> None:
    """Who watches sees what is there; in the transcript stand stars, and of a password nothing."""
    made = await desk.spawn(agent="talks")
    async with desk.attach(made.id) as screen:
        await screen.sees(f"key={SECRET}.")
        await screen.sees("word:")
        await screen.types("hunter2hunter2")
        await screen.sees("thanks")
        await screen.types("plain")
        await screen.sees("heard plain")
        assert (await screen.ends()).status == 0
    chunks = await desk.transcript(made.id)
    whole = b"".join(chunk.data for chunk in chunks)
    assert f"key={'*' * len(SECRET)}.".encode() in whole
    assert SECRET.encode() not in whole
    assert b"hunter2" not in whole
    assert b"plain\r" in [chunk.data for chunk in chunks if chunk.source == TRANSCRIPT_SOURCE_INPUT]


async def test_two_watch_and_one_types(desk: Desk, person: Person) -> None:
    """Both see everything; the second types nothing until it takes the input over, and the first hears of that."""

    def told() -> None:
        first = person("session", "new", "--name", "shared", "--env", "PS1=go> ", "--", *SHELL)
        first.sees("go> ")
        second = person("attach", "shared")
        second.sees("you watch: somebody else types")
        second.sees("go> ")
        second.types("echo from-second")
        second.sees("not typed: somebody else has the input")
        first.types("echo from-$((10+1))")
        first.sees("from-11")
        second.sees("from-11")
        second.presses("\x1d")
        assert second.ends() == 0
        third = person("attach", "shared", "--take")
        third.sees("from-11")
        first.sees("somebody else types")
        third.types("echo from-$((10+3))")
        third.sees("from-13")
        first.sees("from-13")
        watching = person("attach", "shared", "--read-only", "--detach-key", "ctrl-a")
        watching.sees("from-13")
        watching.presses("\x01")
        watching.sees("detached")
        assert watching.ends() == 0
        third.types("exit")
        assert third.ends() == 0
        first.sees("has ended")
        assert first.ends() == 0

    await asyncio.to_thread(told)


async def test_without_a_terminal(place: LocalInstallation, desk: Desk) -> None:
    """A pipe cannot be attached to, and says what can; read-only it streams, as bytes or as objects."""
    refused = call(place, desk, "session", "new")
    assert refused.returncode == 2
    assert "--detach" in refused.stderr
    made = call(
        place, desk, "session", "new", "--detach", "--name", "piped", "--", "/bin/sh", "-c", "echo plain; exit 5"
    )
    assert made.returncode == 0, made.stderr
    assert "podium attach" in made.stdout
    refused = call(place, desk, "attach", "piped")
    assert refused.returncode == 2
    assert "--read-only" in refused.stderr
    plain = call(place, desk, "attach", "piped", "-r")
    assert (plain.returncode, plain.stdout) == (5, "plain\n")
    objects = call(place, desk, "attach", "piped", "--output", "json").stdout.splitlines()
    assert '"text": "plain\\r\\n"' in objects[0]
    assert '"code": 5' in objects[-1]
    assert call(place, desk, "attach", "nobody").returncode == 4


async def test_the_terminal_is_left_as_it_was(place: LocalInstallation, desk: Desk) -> None:
    """After a detach, an end, a signal, and with an editor's screen still open: the same modes as before."""
    made = await desk.run("printf '\\033[?1049h\\033[?25l'; echo here; read x")

    def told() -> None:
        import pexpect

        program = f"{sys.executable} -m podium.cli.main attach {made.number}"
        environment = os.environ | {"PODIUM_DATA_DIR": str(place.installation.data_dir), "TERM": "xterm"}
        shell = pexpect.spawn(
            "/bin/bash", ["--norc"], cwd=str(desk.repository), env=environment, encoding="utf-8", timeout=60
        )
        shell.sendline("PS1='>'")
        for leave in ("detach", "signal"):
            shell.sendline(
                f"stty -g > before; {program}; code=$?; stty -g > after; cmp before after && echo same-$code-"
            )
            shell.expect_exact("here")
            if leave == "detach":
                shell.send("\x1d")
            else:
                found = subprocess.run(["pgrep", "-P", str(shell.pid)], capture_output=True, text=True, check=True)
                os.kill(int(found.stdout.split()[0]), signal.SIGTERM)
            shell.expect_exact("\x1b[?25h")
            shell.expect_exact("\x1b[?1049l")
            shell.expect_exact(f"same-{0 if leave == 'detach' else 128 + signal.SIGTERM}-")
        shell.close(force=True)

    await asyncio.to_thread(told)


async def test_an_agent_of_a_pod_in_a_terminal(desk: Desk) -> None:
    """A profile with `pty`: people see what its process writes and type into it; what they typed is its work."""
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    commit = ["git", *identity, "commit", "--quiet", "--allow-empty", "-m", "first"]
    subprocess.run(commit, cwd=desk.repository, check=True)
    pod = await story.open_pod(desk.podium, desk.repository, "Ask for the word", "typed", quick=True)
    pod = await story.until(desk.podium, pod.pod_id, lambda each: bool(story.running_workers(each)), "a worker")
    agent = story.running_workers(pod)[0]
    await desk.until(agent.id, lambda each: each.status == task_pb2.SESSION_STATUS_WORKING)
    async with desk.attach(agent.id) as screen:
        await screen.sees("what is the word?")
        await screen.types("xylophone")
        assert (await screen.ends()).status == 0
    done = await story.until(
        desk.podium, pod.pod_id, lambda each: each.agents[0].HasField("ended_time"), "the end of the agent"
    )
    assert done.workstreams[0].result_summary == "wrote xylophone"
