"""The service over the wire: real event store, real engine, real clients."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium.cli.mirror import PodMirror
from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.events.v1.event_pb2 import NewEvent, StreamAppend
from podium.jobs.v1.artifact_events_pb2 import DiffPart
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


async def test_repeats_and_refusals(house: Servers) -> None:
    """Scenario 2: the same request id gets the same answer, with another body it is refused; errors are documented."""
    anna = house.connect()
    first = await anna.pods.OpenPod(open_request(request_id="r-1"))
    again = await anna.pods.OpenPod(open_request(request_id="r-1"))
    assert (again.revision, again.pod) == (first.revision, first.pod)
    with pytest.raises(PodiumError) as reused:
        await anna.pods.OpenPod(open_request(request_id="r-1", title="Another"))
    assert reused.value.reason == "REQUEST_ID_REUSED"
    with pytest.raises(PodiumError) as missing:
        await anna.pods.GetPod(pb.GetPodRequest(pod_id="task_none"))
    assert (missing.value.code, missing.value.reason) == ("NOT_FOUND", "POD_NOT_FOUND")
    with pytest.raises(PodiumError) as approved:
        await anna.pods.ApproveSpec(pb.ApproveSpecRequest(pod_id=POD, version=1))
    assert approved.value.reason == "SPEC_ALREADY_APPROVED"
    with pytest.raises(PodiumError) as empty:
        await anna.pods.OpenPod(open_request("task_other", title=""))
    assert [violation.field for violation in empty.value.violations] == ["title"]


async def test_an_agent_s_token(house: Servers) -> None:
    """RegisterAgent's token lets the agent speak in its pod, not in others, and dies with the agent."""
    anna, (runner, epoch) = house.connect(), await house.runner()
    await anna.pods.OpenPod(open_request())
    claimed = await claim(runner, epoch)
    agent_id = claimed.pod.agents[0].id
    agent = house.connect_with(claimed.agent_token)
    ask = pb.AskQuestionRequest(pod_id=POD, content="Which?", blocking=True, question_key="which")
    asked = await agent.pods.AskQuestion(ask)
    await anna.pods.AnswerQuestion(
        pb.AnswerQuestionRequest(pod_id=POD, message_id=asked.message.id, text="The left one.")
    )
    again = await agent.pods.AskQuestion(ask)
    assert again.message.id == asked.message.id
    assert (again.message.answer.text, again.message.answer.by) == ("The left one.", "user:anna")
    await anna.pods.OpenPod(open_request("task_other"))
    for call in (
        agent.pods.GetPod(pb.GetPodRequest(pod_id="task_other")),
        agent.pods.ApproveReview(pb.ApproveReviewRequest(pod_id=POD, integration_commit="tip")),
    ):
        with pytest.raises(PodiumError) as denied:
            await call
        assert denied.value.reason == "CALLER_NOT_ALLOWED"
    assert (await agent.pods.GetPod(pb.GetPodRequest(pod_id=POD))).pod.pod_id == POD
    failed = pb.AgentReport(failed=pb.AgentFailure(cause=pod_pb2.FAILURE_CAUSE_REPORTED, error="no"))
    await report(runner, agent_id, 2, failed)
    with pytest.raises(PodiumError) as dead:
        await agent.pods.GetPod(pb.GetPodRequest(pod_id=POD))
    assert dead.value.reason == "CALLER_NOT_ALLOWED"


async def copy_of(client: Podium, mirror: PodMirror, revision: int, after: int | None = None) -> None:
    """Watch until a revision is covered."""
    request = pb.WatchPodRequest(pod_id=POD, start=pb.WATCH_START_SNAPSHOT, after_revision=after)
    call = client.pods.WatchPod(request)
    async for item in call:
        mirror.apply(item)
        if mirror.revision >= revision:
            call.cancel()
            return


async def test_watching(house: Servers) -> None:
    """Scenario 21: a copy kept by the watch alone, cut and resumed, equals the pod; a restart changes nothing."""
    anna, (runner, epoch) = house.connect(), await house.runner()
    opened = await anna.pods.OpenPod(open_request())
    mirror = PodMirror()
    await copy_of(anna, mirror, opened.revision)
    claimed = await claim(runner, epoch)
    agent_id = claimed.pod.agents[0].id
    await copy_of(anna, mirror, claimed.revision, after=mirror.revision)
    await house.stop_manager()
    await house.start_manager()
    failed = pb.AgentReport(failed=pb.AgentFailure(cause=pod_pb2.FAILURE_CAUSE_REPORTED, error="no"))
    last = await report(runner, agent_id, 2, failed)
    await copy_of(anna, mirror, last.revision, after=mirror.revision)
    shown = (await anna.pods.GetPod(pb.GetPodRequest(pod_id=POD))).pod
    assert mirror.pod == shown
    assert {entry.kind for entry in shown.waiting_on} == {pod_pb2.WAITING_KIND_COOLDOWN}


async def test_a_restart_keeps_everything(house: Servers) -> None:
    """Scenario 19: after a restart the state is the one that was acknowledged, and running agents go on."""
    anna, (runner, epoch) = house.connect(), await house.runner()
    await anna.pods.OpenPod(open_request())
    claimed = await claim(runner, epoch)
    before = await anna.pods.GetPod(pb.GetPodRequest(pod_id=POD))
    await house.stop_manager()
    await house.start_manager()
    after = await anna.pods.GetPod(pb.GetPodRequest(pod_id=POD))
    assert after == before
    result = pb.AgentReport(completed=pb.AgentResult(summary="done"))
    await report(runner, claimed.pod.agents[0].id, 2, result)
    assert (await one_order(runner, "jobs/runner-1", pod_pb2.JOB_KIND_MERGE)).merge.workstream_id == "work"


async def test_time_travel_and_history(house: Servers) -> None:
    """GetPod shows any revision; the facts come in pages, forwards and backwards."""
    anna = house.connect()
    opened = await anna.pods.OpenPod(open_request())
    await anna.pods.CancelPod(pb.CancelPodRequest(pod_id=POD, reason="no"))
    then = await anna.pods.GetPod(pb.GetPodRequest(pod_id=POD, at_revision=opened.revision))
    assert then.pod == opened.pod
    page = await anna.pods.ListPodEvents(pb.ListPodEventsRequest(pod_id=POD, page_size=2))
    assert [event.revision for event in page.events] == [1, 2]
    newest = await anna.pods.ListPodEvents(pb.ListPodEventsRequest(pod_id=POD, page_size=2, backwards=True))
    assert [event.revision for event in newest.events] == [newest.revision, newest.revision - 1]
    with pytest.raises(PodiumError) as beyond:
        await anna.pods.GetPod(pb.GetPodRequest(pod_id=POD, at_revision=1000))
    assert beyond.value.code == "INVALID_ARGUMENT"


async def test_the_board(house: Servers) -> None:
    """Lists in pages, newest first; the board shows every pod once, then what changes, of one project if asked."""
    anna = house.connect()
    for number in range(5):
        await anna.pods.OpenPod(open_request(f"task_{number}", number=number))
    await anna.pods.OpenPod(open_request("task_foreign", project_id="other"))
    numbers: list[int] = []
    token = ""
    while True:
        request = pb.ListPodsRequest(project_id="project", page_size=2, page_token=token)
        page = await anna.pods.ListPods(request)
        numbers += [pod.number for pod in page.pods]
        token = page.next_page_token
        if not token:
            break
    assert numbers == [4, 3, 2, 1, 0]
    with pytest.raises(PodiumError) as foreign:
        await anna.pods.ListPods(pb.ListPodsRequest(page_token="nonsense"))
    assert foreign.value.reason == "INVALID_PAGE_TOKEN"
    call = anna.pods.WatchPods(pb.WatchPodsRequest(project_id="project"))
    seen: dict[str, pod_pb2.PodSummary] = {}
    async for item in call:
        seen.update({pod.pod_id: pod for pod in item.pods})
        if len(seen) == 5 and seen["task_0"].phase != pod_pb2.PHASE_CANCELLED:
            await anna.pods.CancelPod(pb.CancelPodRequest(pod_id="task_0", reason="no"))
        elif len(seen) == 5:
            call.cancel()
            break
    assert "task_foreign" not in seen
    unfinished = await anna.pods.ListPods(pb.ListPodsRequest(project_id="project", unfinished_only=True))
    assert {pod.pod_id for pod in unfinished.pods} == {f"task_{n}" for n in range(1, 5)}


async def test_diffs(house: Servers) -> None:
    """The newest whole diff of the pod or of a workstream, in parts; DIFF_NOT_FOUND before there is one."""
    anna, (runner, _) = house.connect(), await house.runner()
    await anna.pods.OpenPod(open_request())

    async def keep(commit: str, workstream_id: str, *chunks: bytes, whole: bool = True) -> None:
        parts = [
            DiffPart(
                integration_commit=commit,
                workstream_id=workstream_id,
                index=index,
                last=whole and index == len(chunks) - 1,
                chunk=chunk,
                stat="1 file" if index == 0 else "",
            )
            for index, chunk in enumerate(chunks)
        ]
        kind = DiffPart.DESCRIPTOR.full_name
        events = [NewEvent(type=kind, data=part.SerializeToString()) for part in parts]
        await runner.events.append([StreamAppend(stream=f"artifacts/{POD}", events=events)])

    async def diff(workstream_id: str = "") -> tuple[str, str, bytes]:
        request = pb.GetDiffRequest(pod_id=POD, workstream_id=workstream_id)
        found = [response async for response in anna.pods.GetDiff(request)]
        return found[0].integration_commit, found[0].stat, b"".join(part.chunk for part in found)

    with pytest.raises(PodiumError) as missing:
        await diff()
    assert missing.value.reason == "DIFF_NOT_FOUND"
    await keep("one", "", b"old")
    await keep("two", "", b"new ", b"diff")
    await keep("two", "work", b"part")
    await keep("three", "", b"unfinished", whole=False)
    assert await diff() == ("two", "1 file", b"new diff")
    assert await diff("work") == ("two", "1 file", b"part")


async def test_a_runner_s_lease_ends(house: Servers) -> None:
    """The pod is told at once, without anybody looking at it; claimed again under the next lease, the agent goes on."""
    anna, (runner, epoch) = house.connect(), await house.runner()
    await anna.pods.OpenPod(open_request())
    claimed = await claim(runner, epoch)
    agent_id = claimed.pod.agents[0].id
    await house.release("runner-1", epoch)
    call = anna.pods.WatchPod(pb.WatchPodRequest(pod_id=POD, after_revision=claimed.revision))
    async for item in call:
        if any(agent.HasField("runner_lost_time") for agent in item.change.agents):
            call.cancel()
            break
    _, newer = await house.runner()
    resumed = await runner.pods.RegisterAgent(pb.RegisterAgentRequest(pod_id=POD, agent_id=agent_id, lease_epoch=newer))
    assert not resumed.pod.agents[0].HasField("runner_lost_time")
    assert resumed.agent_token == claimed.agent_token
