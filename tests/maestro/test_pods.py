"""Maestro follows pods over the real event store, also when it is killed at any instant."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.kernel.identity import CallerKind
from podium.pod_manager.adapters.wiring import build as start_pod_manager
from podium.pods.v1 import pod_events_pb2 as pe
from podium.pods.v1 import pod_pb2
from podium.pods.v1.pod_service_pb2 import CancelPodRequest, GetPodRequest, OpenPodRequest
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1 import task_pb2
from tests.maestro import pods
from tests.maestro.pods import PodWriter
from tests.maestro.servers import Servers, Watcher, servers
from tests.maestro.terminals import Offer, attach


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Servers]:
    async with servers(tmp_path) as found:
        yield found


@pytest.fixture
async def client(running: Servers) -> Podium:
    return running.connect()


@pytest.fixture
async def writer(running: Servers) -> PodWriter:
    writer = PodWriter(running.connect(CallerKind.SERVICE, "pod-manager"))
    await writer.claim()
    return writer


async def create(client: Podium) -> Watcher:
    """The project `p` with the task `t`, and a watcher of it."""
    await client.maestro.CreateProject(pb.CreateProjectRequest(project_id="p", repository="/src/shop"))
    await client.maestro.CreateTask(pb.CreateTaskRequest(project_id="p", task_id="t", title="Fix"))
    watcher = Watcher(client, "p")
    await watcher.to(2)
    return watcher


def session(watcher: Watcher, session_id: str) -> task_pb2.Session:
    found = watcher.sessions.get(session_id, task_pb2.Session())
    assert isinstance(found, task_pb2.Session)
    return found


def task(watcher: Watcher, task_id: str = "t") -> task_pb2.Task:
    found = watcher.tasks.get(task_id, task_pb2.Task())
    assert isinstance(found, task_pb2.Task)
    return found


async def test_a_pods_life(client: Podium, writer: PodWriter):
    """M20: phase, counts, attention and sessions follow the pod's facts, from its opening to its end."""
    watcher = await create(client)
    await writer.write("t", pods.opened(), pods.phase(pod_pb2.PHASE_WORKSTREAM_EXECUTION))
    workstream = pod_pb2.Workstream(id="ws", title="one", status=pod_pb2.WORKSTREAM_STATUS_READY)
    await writer.write("t", pe.WorkstreamCreated(workstream=workstream), pods.requested("a", attempt=2))
    await writer.write("t", pe.AgentProcessStarted(agent_id="a"), pe.AgentProgressed(agent_id="a", text="reading"))
    await watcher.until(lambda w: session(w, "a").status == task_pb2.SESSION_STATUS_WORKING)
    assert session(watcher, "a").name == "worker ws (attempt 2)"
    assert (task(watcher).status, task(watcher).pod.progress) == (task_pb2.TASK_STATUS_IN_PROGRESS, "reading")
    waiting = pe.AgentAwaitedInput(agent_id="a", message_id="m")
    item = pod_pb2.InboxItem(id="i", reason=pod_pb2.INBOX_REASON_QUESTION_ASKED)
    await writer.write("t", pods.asked("m", "which port?"), waiting, pe.InboxItemAdded(item=item))
    await watcher.until(lambda w: session(w, "a").needs_input.active)
    assert session(watcher, "a").needs_input.message == "which port?"
    assert task(watcher).pod.needs_attention
    answered = pe.QuestionAnswered(message_id="m", text="80")
    await writer.write("t", answered, pe.AgentContinued(agent_id="a", message_id="m"), pe.InboxItemCleared(item_id="i"))
    await watcher.until(lambda w: not session(w, "a").needs_input.active)
    assert session(watcher, "a").status == task_pb2.SESSION_STATUS_WORKING
    await writer.write(
        "t",
        pods.ended("a", pod_pb2.AGENT_STATUS_COMPLETED),
        pe.WorkstreamCompleted(workstream_id="ws"),
        pods.phase(pod_pb2.PHASE_REVIEW),
    )
    await watcher.until(lambda w: task(w).status == task_pb2.TASK_STATUS_IN_REVIEW)
    assert session(watcher, "a").status == task_pb2.SESSION_STATUS_COMPLETED
    assert (task(watcher).pod.workstreams_done, task(watcher).pod.workstreams_total) == (1, 1)
    await writer.write("t", pe.LandingBlocked(error="red"))
    await watcher.until(lambda w: task(w).status == task_pb2.TASK_STATUS_BLOCKED)
    await writer.write("t", pe.WorkLanded(commit="c"), pods.phase(pod_pb2.PHASE_COMPLETED))
    await watcher.until(lambda w: task(w).status == task_pb2.TASK_STATUS_COMPLETED)
    assert not task(watcher).pod.blocked and task(watcher).HasField("completed_time")
    await watcher.check()


async def test_a_real_pod(running: Servers, client: Podium):
    """What the pod manager itself stores is understood: an agent is wanted, the pod is cancelled."""
    await running.start("pod-manager", start_pod_manager)
    watcher = await create(client)
    await client.pods.OpenPod(
        OpenPodRequest(
            pod_id="t", project_id="p", number=1, title="Fix", request="please", repository="/src/shop", quick=True
        )
    )
    await watcher.until(lambda w: bool(w.sessions))
    assert task(watcher).pod.phase == pod_pb2.PHASE_WORKSTREAM_EXECUTION
    assert (task(watcher).pod.workstreams_total, task(watcher).pod.agents_running) == (1, 1)
    (agent,) = task(watcher).session_ids
    assert session(watcher, agent).origin == task_pb2.SESSION_ORIGIN_POD
    refusal = client.maestro.DeleteSession(pb.DeleteSessionRequest(project_id="p", session_id=agent))
    with pytest.raises(PodiumError, match="SESSION_LIVE"):
        await refusal
    await client.pods.CancelPod(CancelPodRequest(pod_id="t", reason="enough"))
    await watcher.until(lambda w: task(w).status == task_pb2.TASK_STATUS_CANCELLED)
    await watcher.until(lambda w: session(w, agent).status == task_pb2.SESSION_STATUS_STOPPED)
    pod = (await client.pods.GetPod(GetPodRequest(pod_id="t"))).pod
    await watcher.until(lambda w: task(w).pod.pod_revision == pod.revision)
    assert task(watcher).pod.agents_running == 0


async def test_agents_that_end_badly(client: Podium, writer: PodWriter):
    """M20: INTERRUPTED is STOPPED; FAILED and LOST are FAILED, with the cause where no words came."""
    watcher = await create(client)
    await writer.write("t", pods.opened(), *(pods.requested(each) for each in "abc"))
    await writer.write(
        "t",
        pods.ended("a", pod_pb2.AGENT_STATUS_INTERRUPTED, "by anna"),
        pods.ended("b", pod_pb2.AGENT_STATUS_FAILED, "exit 3"),
        pods.ended("c", pod_pb2.AGENT_STATUS_LOST, cause=pod_pb2.FAILURE_CAUSE_LOST),
    )
    await watcher.until(lambda w: session(w, "c").status == task_pb2.SESSION_STATUS_FAILED)
    found = {each: (session(watcher, each).status, session(watcher, each).exit_reason) for each in "abc"}
    assert found == {
        "a": (task_pb2.SESSION_STATUS_STOPPED, "by anna"),
        "b": (task_pb2.SESSION_STATUS_FAILED, "exit 3"),
        "c": (task_pb2.SESSION_STATUS_FAILED, "lost"),
    }


async def test_a_pod_without_task_gets_one(client: Podium, writer: PodWriter):
    """A pod that somebody opened without telling Maestro brings its task and its project along."""
    await writer.write("t", pods.opened(number=4))
    while not (await client.maestro.ListProjects(pb.ListProjectsRequest())).projects:
        pass  # asked again until the follower was there
    watcher = Watcher(client, "p")
    await watcher.until(lambda w: bool(w.tasks))
    assert (task(watcher).number, task(watcher).prompt, watcher.project) == (4, "please", "shop")


async def test_facts_while_maestro_was_away(running: Servers, client: Podium, writer: PodWriter):
    """What pods did while Maestro was down is taken in after its start, once, and unknown facts are passed over."""
    watcher = await create(client)
    await writer.write("t", pods.opened(), pods.requested("a"))
    await watcher.until(lambda w: "a" in w.sessions)
    await running.stop_maestro()
    await writer.write("t", task_pb2.Task(id="not a pod's fact"), pods.requested("b"))
    await running.start_maestro()
    await watcher.until(lambda w: "b" in w.sessions)
    assert list(task(watcher).session_ids) == ["a", "b"]
    assert task(watcher).pod.pod_revision == 4
    await watcher.check()


async def maestro_process(data_dir: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "podium.maestro", "--data-dir", str(data_dir), stderr=asyncio.subprocess.DEVNULL
    )


async def test_killed_at_any_instant(running: Servers, client: Podium, writer: PodWriter):
    """Maestro killed -9 again and again while pods and people write: every answer holds, every agent counts once."""
    watcher = await create(client)
    await running.stop_maestro()
    process = await maestro_process(running.data_dir)
    agents: list[str] = []
    answered: dict[str, int] = {}
    enough = {count: asyncio.Event() for count in (5, 20)}

    async def pods_write() -> None:
        await writer.write("t", pods.opened())
        for number in range(60):
            agents.append(f"a{number}")
            await writer.write("t", pods.requested(agents[-1]))
            await writer.write("t", pods.ended(agents[-1], pod_pb2.AGENT_STATUS_COMPLETED))

    async def people_write() -> None:
        for number in range(40):
            made = await client.maestro.CreateTask(
                pb.CreateTaskRequest(project_id="p", task_id=f"mine{number}"), timeout=30
            )
            answered[made.task.id] = made.revision
            enough.get(len(answered), asyncio.Event()).set()

    async def kill() -> None:
        nonlocal process
        for under_way in enough.values():
            await under_way.wait()
            process.send_signal(signal.SIGKILL)
            await process.wait()
            process = await maestro_process(running.data_dir)

    try:
        await asyncio.gather(pods_write(), people_write(), kill())
        await watcher.until(lambda w: session(w, agents[-1]).status == task_pb2.SESSION_STATUS_COMPLETED)
        assert list(task(watcher).session_ids) == agents
        assert task(watcher).pod.pod_revision == 1 + 2 * len(agents)
        assert set(answered) <= set(watcher.tasks) and len(watcher.tasks) == 41
        assert all(len(session(watcher, each).timeline) == 2 for each in agents)
        await watcher.check()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_an_agents_terminal_is_attached_to(running: Servers, client: Podium, writer: PodWriter):
    """An agent's session is served by the runner that has the agent, and by no other, until the agent ends."""
    watcher = await create(client)
    registered = pe.AgentRegistered(agent_id="x", runner_id="r1", lease_epoch=1)
    started = pe.AgentProcessStarted(agent_id="x")
    await writer.write("t", pods.opened(), pods.requested("x"), registered, started)
    await watcher.until(lambda w: session(w, "x").runner_id == "r1")
    runner, stranger = (running.connect(CallerKind.RUNNER, name) for name in ("r1", "r2"))
    with pytest.raises(PodiumError) as caught:
        await Offer(stranger, "p", "x").open()
    assert caught.value.reason == "SESSION_NOT_YOURS"
    offer = await Offer(runner, "p", "x", output=bytearray(b"agent at work")).open()
    viewer = await attach(client, "x").until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)
    await offer.send()
    await viewer.until(lambda v: v.data == b"agent at work")
    await offer.exit(0)
    await viewer.until(lambda v: v.exited is not None)
    await writer.write("t", pods.ended("x", pod_pb2.AGENT_STATUS_INTERRUPTED, "asked to stop"))
    await watcher.until(lambda w: session(w, "x").HasField("completed_time"))
    late = await attach(client, "x").until(lambda v: v.exited is not None)
    assert late.exited and not late.exited.away
    with pytest.raises(PodiumError) as caught:
        await Offer(runner, "p", "x").open()
    assert caught.value.reason == "SESSION_NOT_YOURS"
