"""Faults at every boundary, over real services: the slot is free or the cause stands, and everything counts once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.event_store.__main__ import start as start_event_store
from podium.events.v1.event_service_pb2 import AcquireLeaseRequest
from podium.kernel.identity import CallerKind
from podium.pods.v1 import pod_pb2
from podium.pods.v1 import pod_service_pb2 as pb
from tests.pod_manager.servers import Servers, open_request
from tests.pod_manager.test_wire import POD, claim, report

LIMIT_SECONDS = 60.0


class House(Servers):
    """With a store that can go away and come back."""

    store: AsyncExitStack

    async def start_store(self) -> None:
        self.store = await self.start("event-store", start_event_store)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        found = House(tmp_path, stack)
        await found.start_store()
        await found.start_manager()
        yield found


async def until(client: Podium, holds: Callable[[pod_pb2.Pod], bool]) -> pod_pb2.Pod:
    """The pod once it is so; bounded."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            try:
                pod = (await client.pods.GetPod(pb.GetPodRequest(pod_id=POD))).pod
            except PodiumError as error:
                assert error.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED"), error
            else:
                if holds(pod):
                    return pod
            await asyncio.sleep(0.05)


async def opened(house: Servers, **policy: int) -> tuple[Podium, Podium, int, str]:
    """(a person, a runner, its epoch, the agent that it started)."""
    anna, (runner, epoch) = house.connect(), await house.runner()
    await anna.pods.OpenPod(open_request(policy=pod_pb2.Policy(**policy)))  # type: ignore[arg-type]
    return anna, runner, epoch, (await claim(runner, epoch)).pod.agents[0].id


def kinds(pod: pod_pb2.Pod) -> set[int]:
    """Of what it waits for."""
    return {entry.kind for entry in pod.waiting_on}


async def test_an_agent_that_nobody_starts(house: House) -> None:
    """No runner takes the job: in waiting_on at once; that none could take it, soon in the inbox, until one can."""
    anna = house.connect()
    profiles = [pod_pb2.ProfileChoice(profile="mine")]
    pod = (await anna.pods.OpenPod(open_request(policy=pod_pb2.Policy(profiles=profiles)))).pod
    assert kinds(pod) == {pod_pb2.WAITING_KIND_RUNNER}
    pod = await until(anna, lambda pod: bool(pod.inbox))
    assert [(item.reason, item.subject) for item in pod.inbox] == [(pod_pb2.INBOX_REASON_RUNNER_MISSING, "runner")]
    assert {entry.subject for entry in pod.waiting_on} == {"runner", pod.agents[0].id}
    runner = house.connect(CallerKind.RUNNER, "runner-1")
    offers = {"service": "runner", "pools": "default", "profiles": "mine,yours"}
    await runner.event_store.AcquireLease(AcquireLeaseRequest(name="runner-1", ttl_seconds=60, metadata=offers))
    pod = await until(anna, lambda pod: not pod.inbox)
    assert not pod.runner_missing


@pytest.mark.parametrize(
    ("cause", "waits"),
    [
        ("RATE_LIMITED", pod_pb2.WAITING_KIND_RATE_LIMIT),
        ("LOGIN_FAILED", pod_pb2.WAITING_KIND_LOGIN),
        ("NO_RESULT", pod_pb2.WAITING_KIND_COOLDOWN),
    ],
)
async def test_an_agent_that_ends_badly(house: House, cause: str, waits: int) -> None:
    """Slot free, cause said; only the agent's own fault counts as an attempt; the report again changes nothing."""
    anna, runner, _, agent_id = await opened(house)
    number = pod_pb2.FailureCause.Value(f"FAILURE_CAUSE_{cause}")
    failed = pb.AgentReport(failed=pb.AgentFailure(cause=number, error="no"))
    first = await report(runner, agent_id, 2, failed)
    again = await report(runner, agent_id, 2, failed)
    assert again.revision == first.revision
    pod = await until(anna, lambda pod: pod.revision >= first.revision)
    assert kinds(pod) == {waits}
    assert pod.workstreams[0].counted_attempts == (1 if cause == "NO_RESULT" else 0)


async def test_a_spent_attempt_reaches_the_inbox(house: House) -> None:
    """The last attempt failed: a person is asked."""
    anna, runner, _, agent_id = await opened(house, max_attempts=1)
    failed = pb.AgentReport(failed=pb.AgentFailure(cause=pod_pb2.FAILURE_CAUSE_NO_RESULT, error="no"))
    await report(runner, agent_id, 2, failed)
    pod = (await anna.pods.GetPod(pb.GetPodRequest(pod_id=POD))).pod
    assert {item.reason for item in pod.inbox} == {pod_pb2.INBOX_REASON_WORKSTREAM_FAILED}
    assert pod_pb2.WAITING_KIND_DECISION in kinds(pod)


async def test_a_runner_that_is_gone(house: House) -> None:
    """After its lease and a grace its agent is LOST, the slot free; a late word of it is refused."""
    anna, runner, epoch, agent_id = await opened(house)
    await house.release("runner-1", epoch)
    pod = await until(anna, lambda pod: pod.agents[0].status == pod_pb2.AGENT_STATUS_LOST)
    assert kinds(pod) == {pod_pb2.WAITING_KIND_COOLDOWN}
    with pytest.raises(PodiumError) as refused:
        await report(runner, agent_id, 2, pb.AgentReport(completed=pb.AgentResult(summary="late")))
    assert refused.value.reason == "AGENT_ALREADY_TERMINAL"


async def test_a_report_while_the_manager_dies(house: House) -> None:
    """The manager goes between append and answer: the same report again is answered, and counted once."""
    anna, runner, _, agent_id = await opened(house)
    request = pb.ReportAgentRequest(
        pod_id=POD,
        request_id="report-2",
        agent_id=agent_id,
        report_seq=2,
        report=pb.AgentReport(usage=pod_pb2.Usage(input_tokens=10)),
    )
    answers = [asyncio.ensure_future(runner.pods.ReportAgent(request)) for _ in range(3)]
    await asyncio.sleep(0)
    await house.stop_manager()
    await house.start_manager()
    await asyncio.gather(*answers, return_exceptions=True)
    await runner.pods.ReportAgent(request)
    pod = (await anna.pods.GetPod(pb.GetPodRequest(pod_id=POD))).pod
    assert pod.usage.input_tokens == 10
    assert pod.agents[0].status == pod_pb2.AGENT_STATUS_RUNNING


async def test_a_store_that_is_away(house: House) -> None:
    """Commands hear that the outcome is unknown, or are answered when it is back; each took effect once."""
    anna, _, _, _ = await opened(house)
    await house.store.aclose()
    words = [
        pb.PostMessageRequest(
            pod_id=POD, request_id=f"word-{number}", kind=pod_pb2.MESSAGE_KIND_UPDATE, content=f"word {number}"
        )
        for number in range(5)
    ]
    away = [asyncio.ensure_future(anna.pods.PostMessage(word)) for word in words]
    await asyncio.sleep(0.1)
    await house.start_store()
    await asyncio.gather(*away, return_exceptions=True)
    await until(anna, lambda pod: True)
    for word in words:
        await _patiently(anna, word)
    pod = await until(anna, lambda pod: len(pod.messages) >= len(words))
    assert sorted(message.content for message in pod.messages) == [f"word {number}" for number in range(5)]


async def _patiently(client: Podium, word: pb.PostMessageRequest) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            try:
                await client.pods.PostMessage(word)
                return
            except PodiumError as error:
                assert error.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED"), error
                await asyncio.sleep(0.05)


async def test_a_question_outlives_every_service(house: House) -> None:
    """Asked, everything stopped and started again, answered, asked again: there is the answer, delivered once."""
    anna, (runner, epoch) = house.connect(), await house.runner()
    await anna.pods.OpenPod(open_request())
    agent = house.connect_with((await claim(runner, epoch)).agent_token)
    ask = pb.AskQuestionRequest(pod_id=POD, content="Which?", blocking=True, question_key="which")
    asked = (await agent.pods.AskQuestion(ask)).message
    await house.stop_manager()
    await house.store.aclose()
    await house.start_store()
    await house.start_manager()
    waiting = await until(anna, lambda pod: bool(pod.waiting_on))
    assert kinds(waiting) == {pod_pb2.WAITING_KIND_ANSWER}
    assert {item.reason for item in waiting.inbox} == {pod_pb2.INBOX_REASON_QUESTION_ASKED}
    answer = pb.AnswerQuestionRequest(pod_id=POD, message_id=asked.id, text="The left one.")
    await anna.pods.AnswerQuestion(answer)
    held = (await agent.pods.AskQuestion(ask)).message
    assert (held.id, held.answer.text) == (asked.id, "The left one.")
    twice = (await agent.pods.AskQuestion(ask)).message
    events = await anna.pods.ListPodEvents(pb.ListPodEventsRequest(pod_id=POD, page_size=500))
    delivered = [event for event in events.events if event.fact.type_url.endswith("AnswerDelivered")]
    assert len(delivered) <= 1
    assert twice.answer == held.answer
