"""From a person's answer to the agent that asked: it watches its pod, asks again, and holds the answer."""

import asyncio
import time
from pathlib import Path

from bench.events.measure import percentile
from bench.pods.commands import open_pods
from bench.pods.house import House, house
from podium.client.connection import Podium
from podium.events.v1.event_service_pb2 import AcquireLeaseRequest
from podium.kernel.identity import CallerKind
from podium.pods.v1 import pod_service_pb2 as pb

QUESTIONS = 40


async def answer_p95(folder: Path) -> float:
    """Seconds."""
    async with house(folder) as found:
        anna = found.connect()
        (name,) = await open_pods(anna, 1)
        agent = await _agent(found, name)
        taken = [await _one(anna, agent, name, f"key-{number}") for number in range(QUESTIONS)]
    return percentile(sorted(taken), 0.95)


async def _agent(found: House, name: str) -> Podium:
    runner = found.connect(CallerKind.RUNNER, "runner-1")
    lease = await runner.event_store.AcquireLease(_lease())
    (agent,) = (await runner.pods.GetPod(pb.GetPodRequest(pod_id=name))).pod.agents
    claim = pb.RegisterAgentRequest(pod_id=name, agent_id=agent.id, job_id=agent.job_id, lease_epoch=lease.lease.epoch)
    token = (await runner.pods.RegisterAgent(claim)).agent_token
    client = Podium.connect(installation=found.settings.installation, token=token)
    found.stack.push_async_callback(client.close)
    return client


def _lease() -> AcquireLeaseRequest:
    return AcquireLeaseRequest(name="runner-1", ttl_seconds=60, metadata={"service": "runner"})


async def _one(anna: Podium, agent: Podium, name: str, key: str) -> float:
    """The agent watches its pod; its answer counts when it has asked again and holds it."""
    ask = pb.AskQuestionRequest(pod_id=name, content="Which?", blocking=True, question_key=key)
    asked = (await agent.pods.AskQuestion(ask)).message
    watching = asyncio.ensure_future(_until_answered(agent, name, asked.id))
    await asyncio.sleep(0.02)
    begin = time.perf_counter()
    await anna.pods.AnswerQuestion(pb.AnswerQuestionRequest(pod_id=name, message_id=asked.id, text="The left one."))
    await watching
    held = (await agent.pods.AskQuestion(ask)).message
    taken = time.perf_counter() - begin
    if held.answer.text != "The left one.":
        raise RuntimeError("another answer came back")
    return taken


async def _until_answered(agent: Podium, name: str, message_id: str) -> None:
    async with asyncio.timeout(30):
        async for item in agent.pods.WatchPod(pb.WatchPodRequest(pod_id=name)):
            if any(message.id == message_id and message.HasField("answer") for message in item.change.messages):
                return
