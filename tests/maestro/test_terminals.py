"""Terminals over real servers: runners by their RPCs, viewers by theirs and by the client."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium.client import sync
from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.client.reasons.tasks import InputNotHeldError, InputOutOfOrderError, TerminalReadOnlyError
from podium.client.watches import Resuming
from podium.events.v1.event_pb2 import NewEvent, StreamAppend
from podium.jobs.v1.artifact_events_pb2 import TRANSCRIPT_SOURCE_OUTPUT, TRANSCRIPT_SOURCE_RUNNER, TranscriptChunk
from podium.jobs.v1.job_events_pb2 import JobClosure
from podium.jobs.v1.session_job_events_pb2 import SessionJobClosed, SessionJobIssued
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.maestro.application.terminals.items import TerminalLimits
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1 import terminal_service_pb2 as t
from tests.maestro.servers import Servers, Watcher, servers
from tests.maestro.terminals import Offer, attach, living, report, spawn, start, together

VIEWERS = TerminalLimits().viewers


class Place:
    """Servers, a project, a person and a runner."""

    def __init__(self, running: Servers) -> None:
        self.servers = running
        self.anna = running.connect()
        self.ben = running.connect(name="ben")
        self.runner = running.connect(CallerKind.RUNNER, "r1")

    async def offer(self, **how: object) -> Offer:
        """Session s runs, and its runner serves it."""
        await start(self.anna, self.runner)
        return await Offer(self.runner, "p", "s", **how).open()  # type: ignore[arg-type]

    async def session(self) -> pb.GetSessionResponse:
        return await self.anna.maestro.GetSession(pb.GetSessionRequest(project_id="p", session_id="s"))

    async def keep(self, *chunks: TranscriptChunk) -> None:
        """The runner wrote a transcript."""
        events = [NewEvent(type=chunk.DESCRIPTOR.full_name, data=chunk.SerializeToString()) for chunk in chunks]
        await self.runner.events.append([StreamAppend(stream="transcripts/s", events=events)])


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A project p."""
    async with servers(tmp_path) as running:
        found = Place(running)
        await living(found.runner)
        await found.anna.maestro.CreateProject(pb.CreateProjectRequest(project_id="p", repository="/src/shop"))
        async with asyncio.timeout(60):
            yield found


async def write(client: Podium, token: str, sequence: int, data: bytes) -> int:
    """Type; the last sequence that is taken."""
    answer = await client.terminals.Write(
        t.WriteRequest(project_id="p", session_id="s", input_token=token, sequence=sequence, data=data)
    )
    return answer.sequence


# -- output ------------------------------------------------------------------------------------------------------


async def test_what_the_process_writes_is_seen(place: Place):
    """Nobody watches: nothing is sent. A viewer comes: it gets what the runner kept, then what comes, then the end."""
    offer = await place.offer(output=bytearray(b"before "))
    assert offer.wishes == ["unwanted"]
    viewer = attach(place.anna)
    await viewer.until(lambda v: v.opened is not None)
    assert viewer.opened is not None and viewer.opened.running and viewer.sizes == [(24, 80)]
    await offer.until(lambda o: o.wanted == 0)
    await offer.send(b"and after")
    await viewer.until(lambda v: v.data == b"before and after")
    await together(offer.exit(3, text="exit status 3"), viewer.until(lambda v: v.exited is not None))
    assert viewer.exited is not None and (viewer.exited.status, viewer.exited.text) == (3, "exit status 3")


async def test_nobody_watches_any_more(place: Place):
    """The last viewer goes: the runner is told to send no more; the next one gets what it lacks."""
    offer = await place.offer()
    first, second = attach(place.anna), attach(place.ben)
    await first.until(lambda v: v.opened is not None)
    await second.until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)
    await offer.send(b"one ")
    await first.until(lambda v: v.data == b"one ")
    await first.close()
    await offer.send(b"two ")
    await second.until(lambda v: v.data == b"one two ")
    await second.close()
    await offer.until(lambda o: o.wanted is None)
    await offer.send(b"three ")
    third = attach(place.anna, after=first.offset)
    await third.until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)
    await offer.send()
    await third.until(lambda v: v.data == b"two three ")


async def test_a_viewer_that_comes_later_sees_what_the_others_saw(place: Place):
    """The second viewer gets the past, also what was there before the first one came; the first one, no repeat."""
    offer = await place.offer(output=bytearray(b"past "))
    first = attach(place.anna, after=5)
    await first.until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted == 5)
    await offer.send(b"now ")
    await first.until(lambda v: v.data == b"now ")
    second = attach(place.ben)
    await second.until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted == 0)
    await offer.send(b"then")
    await together(
        second.until(lambda v: v.data == b"past now then"),
        first.until(lambda v: v.data == b"now then"),
    )


async def test_what_is_no_longer_kept_is_a_marked_gap(place: Place):
    """A viewer from the beginning of a long output is cut forward; how far is said."""
    offer = await place.offer(output=bytearray(b"x" * 1_000_000))
    viewer = attach(place.anna)
    await viewer.until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)
    await together(offer.send(b"!"), viewer.until(lambda v: v.offset == 1_000_001))
    assert viewer.gap == 1_000_001 - (256 << 10)
    assert viewer.gap + len(viewer.data) == 1_000_001


async def test_a_slow_viewer_is_cut_forward(place: Place):
    """One viewer reads nothing while 20 MB pass; the other sees all of it, and both end equal, but for a marked gap."""
    offer = await place.offer()
    quick, slow = attach(place.anna), attach(place.ben)
    await quick.until(lambda v: v.opened is not None)
    await slow.until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)

    async def flood() -> None:
        for i in range(320):
            await offer.send(bytes([i % 251]) * (64 << 10))

    total = 320 * (64 << 10)
    await together(flood(), quick.until(lambda v: v.offset == total))
    assert quick.gap == 0 and quick.data == offer.output
    await slow.until(lambda v: v.offset == total)
    assert slow.gap > 0 and slow.gap + len(slow.data) == total
    assert slow.data[-1000:] == offer.output[-1000:]


async def test_many_small_writes_stay_small(place: Place):
    """Thousands of single bytes reach a viewer that comes for them, whole and in order."""
    offer = await place.offer()
    viewer, late = attach(place.anna), attach(place.ben)
    await viewer.until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)

    async def drip() -> None:
        for i in range(4_000):
            await offer.send(bytes([i % 256]))

    await together(drip(), viewer.until(lambda v: v.offset == 4_000))
    await late.until(lambda v: v.offset == 4_000)
    assert late.data == offer.output and late.gap == 0


# -- input -------------------------------------------------------------------------------------------------------


async def test_one_types_at_a_time(place: Place):
    """The first viewer has the input; the second one reads, until it takes over, which the first one hears."""
    offer = await place.offer()
    first, second = attach(place.anna), attach(place.ben)
    await first.until(lambda v: v.opened is not None)
    await second.until(lambda v: v.opened is not None)
    assert first.opened and second.opened
    assert first.opened.input_token and not second.opened.input_token
    assert await write(place.anna, first.opened.input_token, 1, b"ls\n") == 1
    await offer.until(lambda o: o.typed == b"ls\n")
    third = attach(place.ben, take_input=True)
    await third.until(lambda v: v.opened is not None)
    await first.until(lambda v: v.lost)
    with pytest.raises(InputNotHeldError):
        await write(place.anna, first.opened.input_token, 2, b"rm\n")
    assert third.opened
    await write(place.ben, third.opened.input_token, 1, b"pwd\n")
    await offer.until(lambda o: o.typed == b"ls\npwd\n")


async def test_input_in_order_and_once(place: Place):
    """Whichever call comes first, input is typed by sequence; a repeat is answered and not typed again."""
    offer = await place.offer()
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    assert viewer.opened
    token = viewer.opened.input_token
    await together(*(write(place.anna, token, n, f"{n} ".encode()) for n in (3, 2, 5, 1, 4)))
    assert await write(place.anna, token, 2, b"2 ") == 5
    await write(place.anna, token, 6, b"end")
    await offer.until(lambda o: o.typed.endswith(b"end"))
    assert offer.typed == b"1 2 3 4 5 end"
    with pytest.raises(InputOutOfOrderError) as caught:
        await write(place.anna, token, 8, b"?")
    assert caught.value.metadata["expected"] == "7"


async def test_read_only(place: Place):
    """A terminal that takes no input gives no token; a viewer that wants none leaves it to others."""
    await place.offer()
    reader = await attach(place.anna, read_only=True).until(lambda v: v.opened is not None)
    writer = await attach(place.ben).until(lambda v: v.opened is not None)
    assert reader.opened and not reader.opened.input_token
    assert writer.opened and writer.opened.input_token
    await Offer(place.runner, "p", "s", writable=False).open()
    with pytest.raises(TerminalReadOnlyError):
        await write(place.ben, writer.opened.input_token, 1, b"x")
    later = await attach(place.anna, take_input=True).until(lambda v: v.opened is not None)
    assert later.opened and not later.opened.input_token


async def test_a_viewer_that_returns_keeps_the_input(place: Place):
    """With its token a viewer goes on typing where it was; another one that came back first did not get it."""
    offer = await place.offer()
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    assert viewer.opened
    token = viewer.opened.input_token
    await write(place.anna, token, 1, b"a")
    await offer.until(lambda o: o.wanted is not None and o.typed == b"a")
    await offer.send(b"seen")
    await viewer.until(lambda v: v.data == b"seen")
    await viewer.close()
    other = await attach(place.ben, after=4).until(lambda v: v.opened is not None)
    assert other.opened and not other.opened.input_token
    again = await attach(place.anna, input_token=token).until(lambda v: v.opened is not None)
    assert again.opened and (again.opened.input_token, again.opened.sequence) == (token, 1)
    await write(place.anna, token, 2, b"b")
    await offer.until(lambda o: o.typed == b"ab")


async def test_the_input_of_one_who_left_is_free(place: Place):
    """Somebody who attaches anew gets what the one before left; who left it comes too late with the old token."""
    offer = await place.offer()
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)
    await viewer.close()
    await offer.until(lambda o: o.wanted is None)
    other = await attach(place.ben).until(lambda v: v.opened is not None)
    assert viewer.opened and other.opened and other.opened.input_token
    again = await attach(place.anna, input_token=viewer.opened.input_token).until(lambda v: v.opened is not None)
    assert again.opened and not again.opened.input_token


async def test_resize(place: Place):
    """The holder's size goes to the runner, and comes back to every viewer when it is taken."""
    offer = await place.offer()
    first, second = attach(place.anna), attach(place.ben)
    await first.until(lambda v: v.opened is not None)
    await second.until(lambda v: v.opened is not None)
    assert first.opened
    size = {"project_id": "p", "session_id": "s", "rows": 50, "columns": 132}
    await place.anna.terminals.Resize(t.ResizeRequest(**size, input_token=first.opened.input_token))
    await offer.until(lambda o: o.size == (50, 132))
    for viewer in (first, second):
        await viewer.until(lambda v: v.sizes[-1] == (50, 132))
    with pytest.raises(InputNotHeldError):
        await place.ben.terminals.Resize(t.ResizeRequest(**size, input_token="guessed"))


async def test_input_that_nobody_reads_is_bounded(place: Place):
    """A runner does not take input: what is typed waits, then is refused; nothing is lost of what was taken."""
    offer = await place.offer()
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    assert viewer.opened
    taken, refused = 0, ""
    for sequence in range(1, 400):
        try:
            taken = await write(place.anna, viewer.opened.input_token, sequence, b"y" * (64 << 10))
        except PodiumError as error:
            refused = error.reason
            break
    assert refused == "TOO_MANY_REQUESTS"
    await offer.until(lambda o: len(o.typed) == taken * (64 << 10))


# -- who may -----------------------------------------------------------------------------------------------------


async def test_who_may_serve(place: Place):
    """Only the runner that claimed a session serves its terminal, and only while the session lives."""
    stranger = place.servers.connect(CallerKind.RUNNER, "r2")
    await spawn(place.anna, "unclaimed")
    session = (await start(place.anna, place.runner)).session
    for client, session_id, reason in (
        (place.runner, "unclaimed", "SESSION_NOT_YOURS"),
        (stranger, "s", "SESSION_NOT_YOURS"),
        (place.runner, "nobody", "SESSION_NOT_FOUND"),
    ):
        with pytest.raises(PodiumError) as caught:
            await Offer(client, "p", session_id).open()
        assert caught.value.reason == reason
    with pytest.raises(PodiumError) as caught:
        await Offer(place.anna, "p", "s").open()
    assert caught.value.reason == "CALLER_NOT_ALLOWED"
    await report(place.runner, session, exited=pb.SessionExited(status=0))
    with pytest.raises(PodiumError) as caught:
        await Offer(place.runner, "p", "s").open()
    assert caught.value.reason == "SESSION_NOT_YOURS"


async def test_a_stream_must_say_what_it_is(place: Place):
    """Output before `open`, and a second `open`, are refused with the field's name."""
    await start(place.anna, place.runner)
    call = place.runner.terminals.Serve()
    await call.write(t.ServeRequest(output=t.TerminalOutput(data=b"x")))
    with pytest.raises(PodiumError) as caught:
        await call.read()
    assert caught.value.violations[0].field == "open"
    offer = await Offer(place.runner, "p", "s").open()
    opening = t.TerminalOpen(project_id="p", session_id="s", rows=1, columns=1)
    await offer.call.write(t.ServeRequest(open=opening))
    with pytest.raises(PodiumError) as caught:
        await offer.hear()
    assert caught.value.reason == "INVALID_FIELD"


async def test_viewers_are_bounded(place: Place):
    """One viewer more than the bound is refused with the bound; one that goes makes room."""
    await place.offer()
    viewers = [attach(place.anna, read_only=True) for _ in range(VIEWERS)]
    await together(*(viewer.until(lambda v: v.opened is not None) for viewer in viewers))
    request = t.AttachRequest(project_id="p", session_id="s")
    with pytest.raises(PodiumError) as caught:
        await anext(aiter(place.ben.terminals.Attach(request)))
    assert (caught.value.reason, caught.value.metadata["limit"]) == ("TOO_MANY_VIEWERS", str(VIEWERS))
    await viewers[0].close()
    await viewers[1].close()
    late = place.ben.attach("p", "s", how=Resuming(sleep=lambda _: asyncio.sleep(0.01)))
    async for item in late:
        assert item.WhichOneof("item") == "opened"
        break


async def test_writes_that_lead_nowhere(place: Place):
    """An unknown session, and one that nobody serves or watches, say so."""
    for session_id, reason in (("nobody", "SESSION_NOT_FOUND"), ("s", "TERMINAL_NOT_SERVED")):
        if session_id == "s":
            await start(place.anna, place.runner)
        request = t.WriteRequest(project_id="p", session_id=session_id, input_token="x", data=b"x", sequence=1)
        with pytest.raises(PodiumError) as caught:
            await place.anna.terminals.Write(request)
        assert caught.value.reason == reason


# -- losses ------------------------------------------------------------------------------------------------------


async def test_a_runner_that_reconnects(place: Place):
    """Viewers stay; output goes on without loss or repeat, and input typed meanwhile arrives."""
    offer = await place.offer()
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    assert viewer.opened
    await offer.until(lambda o: o.wanted is not None)
    await offer.send(b"one ")
    await viewer.until(lambda v: v.data == b"one ")
    offer.cut()
    await write(place.anna, viewer.opened.input_token, 1, b"typed meanwhile")
    again = await Offer(place.runner, "p", "s", output=bytearray(b"one two ")).open()
    await again.until(lambda o: o.wanted == 4 and o.typed == b"typed meanwhile")
    await again.send(b"three")
    await viewer.until(lambda v: v.data == b"one two three")


async def test_a_new_stream_takes_the_place_of_the_old(place: Place):
    """Opened again while the old stream still seems to live: the old one ends, and what it still sends is not shown."""
    offer = await place.offer()
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)
    await offer.send(b"one ")
    await viewer.until(lambda v: v.data == b"one ")
    again = await Offer(place.runner, "p", "s", output=bytearray(b"one two ")).open()
    while await offer.hear() != "end":
        pass
    await again.until(lambda o: o.wanted is not None)
    await again.send(b"three")
    await viewer.until(lambda v: v.data == b"one two three")


async def test_a_terminal_that_begins_anew(place: Place):
    """A runner whose count is lower began anew: viewers see the new output from its beginning."""
    offer = await place.offer()
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)
    await offer.send(b"a long life")
    await viewer.until(lambda v: v.data == b"a long life")
    offer.cut()
    again = await Offer(place.runner, "p", "s").open()
    await again.until(lambda o: o.wanted == 0)
    viewer.offset = 0
    await again.send(b"anew")
    await viewer.until(lambda v: v.data.endswith(b"anew"))


async def test_maestro_restarts(place: Place):
    """The client attaches again by itself, the runner serves again, nothing is lost or repeated."""
    offer = await place.offer()
    seen = bytearray()
    terminal = place.anna.attach("p", "s", how=Resuming(sleep=lambda _: asyncio.sleep(0.05)))
    opened = 0

    async def view() -> None:
        nonlocal opened
        async for item in terminal:
            match item.WhichOneof("item"):
                case "opened":
                    opened += 1
                case "output":
                    assert item.output.offset == len(seen) and not item.output.gap_bytes
                    seen.extend(item.output.data)
                    if seen.endswith(b"end"):
                        return

    async def run() -> None:
        await offer.until(lambda o: o.wanted is not None)
        await offer.send(b"before ")
        await terminal.write(b"hello")
        await offer.until(lambda o: o.typed == b"hello")
        await place.servers.stop_maestro()
        await place.servers.start_maestro()
        again = await Offer(place.runner, "p", "s", output=offer.output).open()
        await again.until(lambda o: o.wanted is not None)
        await terminal.write(b"still there")
        await again.until(lambda o: o.typed == b"still there")
        await again.send(b"the end")

    await together(view(), run())
    assert seen == b"before the end" and opened >= 2


async def test_without_await(place: Place):
    """The client for scripts shows and types the same, on a thread of its own."""
    offer = await place.offer()
    settings = place.servers.settings("maestro")
    token = issue_token(settings.key_file.read_bytes().strip(), Identity(CallerKind.PERSON, "anna"))

    def script() -> bytes:
        shown = b""
        with sync.Podium.connect(installation=settings.installation, token=token) as podium:
            terminal = podium.attach("p", "s", take_input=True)
            for item in terminal:
                if item.WhichOneof("item") == "opened":
                    terminal.resize(30, 90)
                    terminal.write(b"ls\n")
                shown += item.output.data
            assert terminal.inner.exited is not None and terminal.inner.rows == 30
        return shown

    running = asyncio.ensure_future(asyncio.to_thread(script))
    await offer.until(lambda o: o.typed == b"ls\n" and o.size == (30, 90) and o.wanted is not None)
    await offer.send(b"till.py")
    await offer.exit(0)
    assert await running == b"till.py"


# -- without a runner --------------------------------------------------------------------------------------------


async def test_a_terminal_that_has_ended_is_shown_from_its_transcript(place: Place):
    """Output with its gaps, then how it ended; a viewer that knows the beginning gets the rest."""
    session = (await start(place.anna, place.runner)).session
    await place.keep(
        TranscriptChunk(source=TRANSCRIPT_SOURCE_RUNNER, data=b"started\n"),
        TranscriptChunk(source=TRANSCRIPT_SOURCE_OUTPUT, data=b"one "),
        TranscriptChunk(source=TRANSCRIPT_SOURCE_OUTPUT, data=b"three", gap_bytes=4),
    )
    await report(place.runner, session, exited=pb.SessionExited(signal=9))
    viewer = await attach(place.anna).until(lambda v: v.exited is not None)
    assert viewer.opened and not viewer.opened.running and not viewer.opened.input_token
    assert (viewer.data, viewer.gap, viewer.offset) == (b"one three", 4, 13)
    assert viewer.exited and (viewer.exited.signal, viewer.exited.text) == (9, "ended by signal 9")
    rest = await attach(place.ben, after=10).until(lambda v: v.exited is not None)
    assert rest.data == b"ree"


async def test_a_transcript_that_lost_its_beginning(place: Place):
    """Where the oldest chunk says where it stood, what is before it is a gap; what was not output is none."""
    session = (await start(place.anna, place.runner)).session
    await place.keep(
        TranscriptChunk(source=TRANSCRIPT_SOURCE_OUTPUT, data=b"la", offset=1000),
        TranscriptChunk(source=TRANSCRIPT_SOURCE_RUNNER, data=b"fast", gap_bytes=7),
        TranscriptChunk(source=TRANSCRIPT_SOURCE_OUTPUT, data=b"te", offset=1002, gap_bytes=9),
    )
    await report(place.runner, session, exited=pb.SessionExited(status=0))
    viewer = await attach(place.anna).until(lambda v: v.exited is not None)
    assert (viewer.data, viewer.gap) == (b"late", 1000)


async def test_attached_before_the_runner(place: Place):
    """A viewer that attaches to a session that is only STARTING sees it begin."""
    await spawn(place.anna)
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    assert viewer.opened and not viewer.opened.running and viewer.sizes == [(24, 80)]
    session = (await place.session()).session
    ids = {"project_id": "p", "session_id": "s", "job_id": session.job_id}
    await place.runner.maestro.ClaimSession(pb.ClaimSessionRequest(**ids))
    offer = await Offer(place.runner, "p", "s", size=(30, 100)).open()
    assert offer.wanted == 0
    await offer.send(b"hello")
    await viewer.until(lambda v: v.data == b"hello")
    assert viewer.sizes == [(24, 80), (30, 100)]


async def test_attached_to_what_fails_to_start(place: Place):
    """The runner refuses: whoever waits for the terminal hears why."""
    await spawn(place.anna)
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    session = (await place.session()).session
    ids = {"project_id": "p", "session_id": "s", "job_id": session.job_id}
    await place.runner.maestro.ClaimSession(pb.ClaimSessionRequest(**ids))
    await report(place.runner, session, refused=pb.SessionRefused(cause="no such profile"))
    await viewer.until(lambda v: v.exited is not None)
    assert viewer.exited and viewer.exited.text == "no such profile" and viewer.exited.status == 1


async def orders(client: Podium, stream: str) -> list[tuple[str, str]]:
    """What stands in a runners' stream: (event, what it says)."""
    found: list[tuple[str, str]] = []
    async for batch in client.events.read_stream(stream):
        for event in batch:
            assert event.metadata["project_id"] == "p"
            if event.type == SessionJobIssued.DESCRIPTOR.full_name:
                found.append(("issued", SessionJobIssued.FromString(event.data).WhichOneof("order") or ""))
            else:
                closed = SessionJobClosed.FromString(event.data)
                found.append(("closed", JobClosure.Name(closed.closure)))
    return found


async def test_m22_terminal_closed(place: Place):
    """M22: session gone, the task's count drops, in one change; its runner is told, and its word ends the order."""
    await place.anna.maestro.CreateTask(pb.CreateTaskRequest(project_id="p", task_id="a", title="A"))
    session = (await spawn(place.anna, task_ids=["a"])).session
    ids = {"project_id": "p", "session_id": "s"}
    await place.runner.maestro.ClaimSession(pb.ClaimSessionRequest(**ids, job_id=session.job_id))
    watcher = Watcher(place.ben, "p")
    await watcher.until(lambda w: "s" in w.sessions)
    closed = await place.anna.maestro.CloseSession(pb.CloseSessionRequest(**ids))
    await watcher.to(closed.revision)
    (change,) = watcher.changes
    assert list(change.removed_sessions) == ["s"] and [task.session_count for task in change.tasks] == [0]
    issued, close = await orders(place.runner, "jobs/default"), await orders(place.runner, "jobs/r1")
    assert issued == [("issued", "spawn"), ("closed", "JOB_CLOSURE_CLAIMED")] and close == [("issued", "close")]
    async for batch in place.runner.events.read_stream("jobs/r1"):
        job_id = SessionJobIssued.FromString(batch[0].data).job_id
    said = pb.ReportSessionRequest(**ids, job_id=job_id, closed=pb.SessionClosed())
    assert not (await place.runner.maestro.ReportSession(said)).HasField("session")
    await place.runner.maestro.ReportSession(said)
    assert await orders(place.runner, "jobs/r1") == [("issued", "close"), ("closed", "JOB_CLOSURE_REPORTED")]


async def test_spawned_once(place: Place):
    """S43: the same request at once and again makes one session and one order; another body is refused."""
    request = pb.SpawnSessionRequest(project_id="p", request_id="same", command=["sh"])
    answers = await asyncio.gather(*(place.anna.maestro.SpawnSession(request) for _ in range(5)))
    assert len({(answer.session.id, answer.revision) for answer in answers}) == 1
    assert await orders(place.runner, "jobs/default") == [("issued", "spawn")]
    request.command.append("-l")
    with pytest.raises(PodiumError) as caught:
        await place.anna.maestro.SpawnSession(request)
    assert caught.value.reason == "REQUEST_ID_REUSED"


async def test_two_runners_claim_at_once(place: Place):
    """The first one has it; the other is told who."""
    session = (await spawn(place.anna)).session
    claim = pb.ClaimSessionRequest(project_id="p", session_id="s", job_id=session.job_id)
    clients = [place.runner, place.servers.connect(CallerKind.RUNNER, "r2")]
    answers = await asyncio.gather(*(each.maestro.ClaimSession(claim) for each in clients), return_exceptions=True)
    (won,) = (each for each in answers if isinstance(each, pb.ClaimSessionResponse))
    (lost,) = (each for each in answers if isinstance(each, PodiumError))
    assert (lost.reason, lost.metadata["runner_id"]) == ("SESSION_CLAIMED", won.session.runner_id)


async def test_closed_while_somebody_watches(place: Place):
    """Whoever watches a terminal that is closed sees its end, whether or not its runner says so."""
    offer = await place.offer()
    viewer = await attach(place.ben).until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)
    await offer.send(b"still here")
    await place.anna.maestro.CloseSession(pb.CloseSessionRequest(project_id="p", session_id="s"))
    await viewer.until(lambda v: v.data == b"still here")
    offer.cut()
    await viewer.until(lambda v: v.exited is not None)
    assert viewer.exited and viewer.exited.text == "closed"
    with pytest.raises(PodiumError) as caught:
        await anext(attach(place.anna).items)
    assert caught.value.reason == "SESSION_NOT_FOUND"
