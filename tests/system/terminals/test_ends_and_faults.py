"""Sessions in terminals when something ends: they themselves, services, runners; and when one of them floods."""

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from podium.client.errors import PodiumError
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1 import task_pb2
from tests.support.at_a_terminal import AtATerminal
from tests.support.installation import LocalInstallation
from tests.support.sessions import Desk, call, is_alive

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

Person = Callable[..., AtATerminal]


async def test_closing_ends_it_and_takes_it_away(place: LocalInstallation, desk: Desk) -> None:
    """Scenario 22: session gone, tasks' counts down, in one change; its process and what that began have ended."""
    tasks = [await desk.task("One"), await desk.task("Two")]
    made = await desk.run("trap '' TERM; sleep 1000 & echo pid-$!; wait", task_ids=[each.id for each in tasks])
    async with desk.attach(made.id, read_only=True) as screen:
        await screen.sees("pid-")
        await screen.sees("\r\n")
        child = int(bytes(screen.output).split(b"pid-")[1].split()[0])
        before = (await desk.podium.maestro.GetProject(pb.GetProjectRequest(project_id=desk.project_id))).revision
        closed = call(place, desk, "session", "close", str(made.number))
        assert closed.returncode == 0, closed.stderr
        await screen.ends()
    with pytest.raises(PodiumError) as gone:
        await desk.session(made.id)
    assert gone.value.reason == "SESSION_NOT_FOUND"
    page = await desk.podium.maestro.ListTasks(pb.ListTasksRequest(project_id=desk.project_id))
    assert [each.session_count for each in page.tasks] == [0, 0]
    changes = desk.podium.watch_project(desk.project_id, after_revision=before)
    async for item in changes:
        if item.WhichOneof("item") == "change":
            assert item.change.to_revision >= before + 1
            break
    await changes.aclose()
    async with asyncio.timeout(30):
        while is_alive(made.process_id) or is_alive(child):
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("service", ["maestro", "event-store"])
async def test_a_service_is_killed_in_the_middle(place: LocalInstallation, desk: Desk, service: str) -> None:
    """Who watches goes on where they were, and types on; nothing is lost and nothing comes twice."""
    made = await desk.run(
        "stty -echo; echo ready; while read x; do [ $x = end ] && exit 0; seq 1 $x | sed s/^/n/; done"
    )
    async with desk.attach(made.id) as screen:
        await screen.sees("ready")
        await screen.types("2000")
        await screen.sees("n2000\r\n")
        killed = place.kill(service)
        await place.back(service, killed)
        if service == "maestro":
            await screen.until(lambda: screen.opened > 1)
        await screen.types("3000")
        await screen.sees("n3000\r\n")
        await screen.types("end")
        assert (await screen.ends()).status == 0
    numbers = [int(line[1:]) for line in bytes(screen.output).split() if line.startswith(b"n")]
    assert numbers == [*range(1, 2001), *range(1, 3001)]
    assert screen.gaps == 0
    assert (await desk.ended(made.id)).status == task_pb2.SESSION_STATUS_COMPLETED


async def test_who_sits_at_a_terminal_goes_on_too(place: LocalInstallation, desk: Desk, person: Person) -> None:
    """Maestro is killed while somebody is attached: what they type then arrives, and the exit code comes to them."""
    terminal = person("session", "new", "--", "/bin/sh", "-c", "stty -echo; echo ready; read x; echo got-$x; exit 6")
    await asyncio.to_thread(terminal.sees, "ready")
    killed = place.kill("maestro")
    await place.gone(killed)  # or it may still take what is typed with it
    terminal.types("this")
    await place.back("maestro", killed)
    await asyncio.to_thread(terminal.sees, "got-this")
    assert await asyncio.to_thread(terminal.ends) == 6


async def test_the_runner_is_killed_in_the_middle(place: LocalInstallation, desk: Desk) -> None:
    """The session is FAILED with the cause, nothing of it lives on, and what it had shown is still there to see."""
    text = "trap '' HUP TERM; (trap '' HUP TERM; sleep 1000) & echo pid-$!; read x"
    made = await desk.run(text)
    async with desk.attach(made.id, read_only=True) as screen:
        await screen.sees("pid-")
        await screen.sees("\r\n")
        child = int(bytes(screen.output).split(b"pid-")[1].split()[0])
        await desk.kept(made.id, b"pid-")
        killed = place.kill("runner")
        await place.back("runner", killed)
        end = await screen.ends()
    ended = await desk.ended(made.id)
    assert ended.status == task_pb2.SESSION_STATUS_FAILED
    # Where it takes long to come back, Maestro has given it up meanwhile.
    causes = ("the runner was restarted", "runner lost")
    assert any(cause in ended.exit_reason for cause in causes)
    assert any(cause in end.text for cause in causes)
    assert not is_alive(made.process_id)
    assert not is_alive(child)
    async with desk.attach(made.id) as later:
        await later.ends()
        assert b"pid-" in later.output
    after = await desk.run("echo again; read x")
    async with desk.attach(after.id) as screen:
        await screen.sees("again")
        await screen.types("")
        assert (await screen.ends()).status == 0


async def test_an_end_that_nobody_heard_of_is_not_forgotten(place: LocalInstallation, desk: Desk) -> None:
    """Maestro is silent while a session ends, then the runner is killed: the next one tells how it ended."""
    gate = desk.repository / "gate"
    made = await desk.run(f"echo waits; until [ -e '{gate}' ]; do sleep 0.05; done; exit 5")
    await desk.kept(made.id, b"waits")
    maestro = int(place.service("maestro")["pid"])
    os.kill(maestro, signal.SIGSTOP)
    try:
        gate.touch()
        await desk.kept(made.id, b"ended: exit status 5")
        killed = place.kill("runner")
        await place.back("runner", killed)
    finally:
        os.kill(maestro, signal.SIGCONT)
    ended = await desk.ended(made.id)
    assert ended.status == task_pb2.SESSION_STATUS_FAILED
    assert ended.exit_status == 5 or "runner lost" in ended.exit_reason
    await place.until(lambda state: all(each["state"] == "ready" for each in state["services"]), "all ready again")


async def test_the_runner_is_lost(place: LocalInstallation, desk: Desk) -> None:
    """Scenario 20: a runner that goes silent loses its sessions, with the cause; awake, it ends their processes."""
    made = await desk.run("trap '' HUP; sleep 1000; read x")
    pid = int(place.service("runner")["pid"])
    os.kill(pid, signal.SIGSTOP)
    try:
        ended = await desk.ended(made.id)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert ended.status == task_pb2.SESSION_STATUS_FAILED
    assert "runner" in ended.exit_reason
    async with asyncio.timeout(60):
        while is_alive(made.process_id):
            await asyncio.sleep(0.02)
    await place.until(lambda state: all(each["state"] == "ready" for each in state["services"]), "all ready again")


async def test_a_flood_hurts_nobody_else(desk: Desk) -> None:
    """While one session writes without end, watched and unwatched, another one answers; the transcript is bounded."""
    flood = await desk.run("stty raw; yes 0123456789abcdef0123456789abcdef")
    quiet = await desk.run("while read x; do echo got-$x; done")
    async with desk.attach(flood.id, read_only=True) as loud, desk.attach(quiet.id) as screen:
        for number in range(20):
            await screen.types(str(number))
            await screen.sees(f"got-{number}\r\n")
        await loud.until(lambda: len(loud.output) + loud.gaps > 8 << 20)
        assert screen.gaps == 0
    chunks = await desk.transcript(flood.id)
    assert any(chunk.gap_bytes for chunk in chunks)
    for session in (flood, quiet):
        request = pb.CloseSessionRequest(project_id=desk.project_id, session_id=session.id)
        await desk.podium.maestro.CloseSession(request)
