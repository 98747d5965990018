"""Terminals that do not run (any more) over real servers: transcripts, waiting, closing."""

import asyncio

import pytest

from podium.client.errors import PodiumError
from podium.client.reasons.tasks import TerminalNotServedError
from podium.jobs.v1.artifact_events_pb2 import TRANSCRIPT_SOURCE_OUTPUT, TRANSCRIPT_SOURCE_RUNNER, TranscriptChunk
from podium.tasks.v1 import maestro_service_pb2 as pb
from tests.maestro.terminals import Offer, Place, attach, report, spawn, start


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


async def test_typing_into_what_has_ended(place: Place):
    """The client says at once that there is nobody to type to."""
    offer = await place.offer()
    terminal = place.anna.attach("p", "s")

    async def view() -> None:
        async for _ in terminal:
            pass

    viewing = asyncio.ensure_future(view())
    await terminal.write(b"exit\n")
    await offer.until(lambda o: o.typed == b"exit\n")
    await offer.exit(0)
    await viewing
    with pytest.raises(TerminalNotServedError):
        await terminal.write(b"more")
