"""The service over the wire: real event store, real engine, real clients."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium.client.connection import Podium
from podium.jobs.v1.job_events_pb2 import JobClosed, JobIssued
from podium.pod_manager.adapters.servicer import COMMANDS, PodServicer
from podium.pods.v1 import pod_pb2
from podium.pods.v1 import pod_service_pb2 as pb
from tests.pod_manager.servers import Servers, open_request, servers

POD = "task_0123456789abcdef"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Servers]:
    async with servers(tmp_path) as found:
        yield found


def test_every_rpc_has_its_method() -> None:
    """The servicer serves exactly what the proto lists, and the table names only commands."""
    methods = set(pb.DESCRIPTOR.services_by_name["PodService"].methods_by_name)
    assert methods == {name for name in vars(PodServicer) if name[0].isupper()}
    assert set(COMMANDS) <= methods


async def open_orders(client: Podium, stream: str) -> dict[str, JobIssued]:
    """The open jobs of a stream, as a runner folds them."""
    found: dict[str, JobIssued] = {}
    async for batch in client.events.read_stream(stream):
        for event in batch:
            if event.type == JobIssued.DESCRIPTOR.full_name:
                order = JobIssued.FromString(event.data)
                found[order.job_id] = order
            elif event.type == JobClosed.DESCRIPTOR.full_name:
                found.pop(JobClosed.FromString(event.data).job_id)
    return found


async def one_order(client: Podium, stream: str, kind: int) -> JobIssued:
    (order,) = [o for o in (await open_orders(client, stream)).values() if o.kind == kind]
    return order


async def report(runner: Podium, agent_id: str, seq: int, report: pb.AgentReport) -> pb.ReportAgentResponse:
    request = pb.ReportAgentRequest(pod_id=POD, agent_id=agent_id, report_seq=seq, report=report)
    return await runner.pods.ReportAgent(request)


async def claim(runner: Podium, epoch: int) -> pb.RegisterAgentResponse:
    """Claim and start the only LAUNCH job of the pool."""
    order = await one_order(runner, "jobs/default", pod_pb2.JOB_KIND_LAUNCH)
    claimed = await runner.pods.RegisterAgent(
        pb.RegisterAgentRequest(pod_id=POD, agent_id=order.launch.agent_id, job_id=order.job_id, lease_epoch=epoch)
    )
    started = pb.AgentReport(started=pb.AgentStarted(process_id=1, base_commit="base", branch="b"))
    await report(runner, order.launch.agent_id, 1, started)
    return claimed


async def test_the_whole_path(house: Servers) -> None:
    """A QUICK pod over the wire: opened, claimed, worked on, merged, verified, approved, landed, released."""
    anna, (runner, epoch) = house.connect(), await house.runner()
    opened = await anna.pods.OpenPod(open_request())
    assert opened.pod.phase == pod_pb2.PHASE_WORKSTREAM_EXECUTION
    claimed = await claim(runner, epoch)
    agent_id = claimed.pod.agents[0].id
    assert await open_orders(runner, "jobs/default") == {}
    result = pb.AgentResult(summary="done", commit="c", checks=pod_pb2.CHECKS_RESULT_PASSED)
    await report(runner, agent_id, 2, pb.AgentReport(completed=result))

    async def done(kind: int, **outcome: object) -> None:
        order = await one_order(runner, "jobs/runner-1", kind)
        outcome_of = pb.JobReport(**outcome)  # type: ignore[arg-type]
        await runner.pods.ReportJob(pb.ReportJobRequest(pod_id=POD, job_id=order.job_id, report=outcome_of))

    await done(pod_pb2.JOB_KIND_MERGE, merged=pb.JobMerged(integration_commit="merge"))
    passed = pb.JobVerified(integration_commit="tip", checks=pod_pb2.CHECKS_RESULT_PASSED)
    await done(pod_pb2.JOB_KIND_VERIFY, verified=passed)
    await anna.pods.ApproveReview(pb.ApproveReviewRequest(pod_id=POD, integration_commit="tip"))
    await done(pod_pb2.JOB_KIND_LAND, landed=pb.JobLanded(commit="landed"))
    await done(pod_pb2.JOB_KIND_RELEASE, done=pb.JobDone())
    pod = (await anna.pods.GetPod(pb.GetPodRequest(pod_id=POD))).pod
    assert pod.phase == pod_pb2.PHASE_COMPLETED
    assert pod.review.landed_commit == "landed"
    listed = await anna.pods.ListPodEvents(pb.ListPodEventsRequest(pod_id=POD, page_size=1000))
    assert [event.revision for event in listed.events] == list(range(1, pod.revision + 1))
    assert listed.events[0].actor == "user:anna"
