"""The pod-manager and the event store killed, and stopped, as real processes, at the moments that matter."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from podium.chassis.clock import SystemClock
from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.events.v1.event_service_pb2 import AcquireLeaseRequest
from podium.kernel.identity import CallerKind
from podium.pods.v1 import pod_pb2
from podium.pods.v1 import pod_service_pb2 as pb
from podium.runner.lease import Lease
from tests.pod_manager.processes import Processes, processes
from tests.pod_manager.servers import open_request
from tests.support.chaos_proxy import ChaosProxy

MANAGER = "podium.pod_manager"
REPORTED, POSTED, INTERRUPTED = (f"task_{number:016x}" for number in (1, 2, 3))
LIMIT_SECONDS = 60.0

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Processes]:
    async with processes(tmp_path) as found:
        yield found


async def running_agent(runner: Podium, pod_id: str, epoch: int = 1) -> str:
    """The pod's one agent, claimed and started."""
    pod = (await runner.pods.GetPod(pb.GetPodRequest(pod_id=pod_id))).pod
    agent_id = pod.agents[0].id
    await runner.pods.RegisterAgent(
        pb.RegisterAgentRequest(pod_id=pod_id, agent_id=agent_id, job_id=pod.agents[0].job_id, lease_epoch=epoch)
    )
    started = pb.AgentReport(started=pb.AgentStarted(process_id=7, base_commit="base"))
    await runner.pods.ReportAgent(report(pod_id, agent_id, 1, started))
    return agent_id


def report(pod_id: str, agent_id: str, number: int, said: pb.AgentReport) -> pb.ReportAgentRequest:
    return pb.ReportAgentRequest(
        pod_id=pod_id, agent_id=agent_id, report_seq=number, report=said, request_id=f"{agent_id}:{number}"
    )


async def revision(client: Podium, pod_id: str) -> int:
    """Of the pod's stream, as the store has it."""
    newest = 0
    async for batch in client.events.read_stream(f"pods/{pod_id}"):
        newest = batch[-1].revision
    return newest


async def facts(client: Podium, pod_id: str) -> Counter[str]:
    """How often each kind of fact stands in the pod's stream."""
    found: Counter[str] = Counter()
    async for batch in client.events.read_stream(f"pods/{pod_id}"):
        found.update(event.type.rpartition(".")[2] for event in batch)
    return found


async def test_killed_between_append_and_answer(house: Processes, tmp_path: Path) -> None:
    """The store has it, the answer is held on its way, the manager gets SIGKILL: its heir answers the repeat, once.

    So does what was asked behind it, and may not have been sent yet. The callers do nothing for it: their connection
    repeats each call under its request id.
    """
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(ChaosProxy(tmp_path / "proxy.sock", tmp_path / "store.sock"))
        await house.start("one", MANAGER, "--event-store", proxy.address)
        anna, runner = house.connect("one"), house.connect("one", CallerKind.RUNNER, "runner-1")
        await runner.event_store.AcquireLease(
            AcquireLeaseRequest(name="runner-1", ttl_seconds=600, metadata={"service": "runner"})
        )
        agents = {}
        for pod_id in (REPORTED, POSTED, INTERRUPTED):
            await anna.pods.OpenPod(open_request(pod_id))
            agents[pod_id] = await running_agent(runner, pod_id)
        before = await revision(anna, REPORTED)
        usage = pb.AgentReport(usage=pod_pb2.Usage(input_tokens=10))
        word = pb.PostMessageRequest(pod_id=POSTED, kind=pod_pb2.MESSAGE_KIND_UPDATE, content="Once.")
        interrupt = pb.InterruptAgentRequest(pod_id=INTERRUPTED, agent_id=agents[INTERRUPTED])
        reported = runner.pods.ReportAgent(report(REPORTED, agents[REPORTED], 2, usage), timeout=LIMIT_SECONDS)
        behind: list[Awaitable[Any]] = [
            anna.pods.PostMessage(word, timeout=LIMIT_SECONDS),
            anna.pods.InterruptAgent(interrupt, timeout=LIMIT_SECONDS),
        ]
        proxy.hold_answers()
        asked = [asyncio.ensure_future(_awaited(reported))]
        async with asyncio.timeout(LIMIT_SECONDS):
            while await revision(anna, REPORTED) == before:
                await asyncio.sleep(0.02)
        asked += [asyncio.ensure_future(_awaited(call)) for call in behind]
        await asyncio.wait(asked, timeout=0.2)
        assert not any(call.done() for call in asked), "stored, and nobody has heard of it"
        await house.kill("one")
        proxy.flow()
        await house.start("one", MANAGER, "--event-store", proxy.address)
        answers = await asyncio.gather(*asked)
        assert all(answer.revision > 0 for answer in answers)
        for pod_id, kind in (
            (REPORTED, "AgentReported"),
            (POSTED, "MessagePosted"),
            (INTERRUPTED, "AgentInterruptRequested"),
        ):
            expected = 2 if pod_id == REPORTED else 1  # its start was reported too
            assert (await facts(anna, pod_id))[kind] == expected
        pod = (await anna.pods.GetPod(pb.GetPodRequest(pod_id=REPORTED))).pod
        assert (pod.usage.input_tokens, pod.agents[0].last_report_seq) == (10, 2)
        assert pod.agents[0].status == pod_pb2.AGENT_STATUS_RUNNING
        await house.kill("one")


async def _awaited(call: Awaitable[Any]) -> Any:
    return await call


async def test_the_store_is_away_for_long(house: Processes) -> None:
    """It stands still for five times a lease's length: commands hear that nothing is known, and nothing is lost.

    The runner, its heartbeat and its agent live on; what was sent meanwhile counts once. (A lease here lasts 2 s, as
    half a minute would have it for one of 6 s.)
    """
    await house.start("one", MANAGER, "--lease-ttl-seconds", "2")
    anna, runner = house.connect("one"), house.connect("one", CallerKind.RUNNER, "runner-1")
    lease = Lease(
        runner.event_store,
        SystemClock(),
        name="runner-1",
        address="",
        metadata={"service": "runner", "pools": "default", "profiles": "x"},
        ttl_seconds=2.0,
        renew_seconds=0.3,
    )
    await lease.acquire()
    await anna.pods.OpenPod(open_request(REPORTED))
    agent_id = await running_agent(runner, REPORTED, await lease.epoch())

    async def register_again() -> None:
        request = pb.RegisterAgentRequest(pod_id=REPORTED, agent_id=agent_id, lease_epoch=await lease.epoch())
        await runner.pods.RegisterAgent(request, timeout=LIMIT_SECONDS)

    keeping = asyncio.ensure_future(lease.keep(register_again))
    try:
        house.signal("store", signal.SIGSTOP)
        usage = report(REPORTED, agent_id, 2, pb.AgentReport(usage=pod_pb2.Usage(input_tokens=10)))
        with pytest.raises(PodiumError) as unknown:
            await runner.pods.ReportAgent(usage, timeout=10.5)
        assert unknown.value.is_outcome_unknown
        house.signal("store", signal.SIGCONT)
        await runner.pods.ReportAgent(usage, timeout=LIMIT_SECONDS)
        await anna.pods.PostMessage(
            pb.PostMessageRequest(pod_id=REPORTED, kind=pod_pb2.MESSAGE_KIND_UPDATE, content="Back."),
            timeout=LIMIT_SECONDS,
        )
        await asyncio.wait({keeping}, timeout=8.0)  # longer than the grace, after which it would be LOST
        pod = (await anna.pods.GetPod(pb.GetPodRequest(pod_id=REPORTED), timeout=LIMIT_SECONDS)).pod
        assert pod.agents[0].status == pod_pb2.AGENT_STATUS_RUNNING, pod
        assert not pod.agents[0].HasField("runner_lost_time")
        assert pod.usage.input_tokens == 10
        assert not pod.inbox
        assert not keeping.done()
    finally:
        house.signal("store", signal.SIGCONT)
        keeping.cancel()
