"""Sessions' orders over real servers: what stands in the runners' streams, once."""

import asyncio

import pytest

from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.jobs.v1.job_events_pb2 import JobClosure
from podium.jobs.v1.session_job_events_pb2 import SessionJobClosed, SessionJobIssued
from podium.kernel.identity import CallerKind
from podium.tasks.v1 import maestro_service_pb2 as pb
from tests.maestro.servers import Watcher
from tests.maestro.terminals import Place, spawn


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
