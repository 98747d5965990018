"""A pod always fits into one message of the wire: texts are refused before it does not, reports are shortened."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from podium.client.errors import PreconditionError
from podium.client.options import MAX_MESSAGE_BYTES
from podium.pod_manager.adapters.codec import make_codec
from podium.pod_manager.domain.commands.agents import RestartAgent
from podium.pod_manager.domain.commands.messages import AnswerQuestion, AskQuestion, PostMessage
from podium.pod_manager.domain.commands.review import RequestChanges
from podium.pod_manager.domain.copying import replace
from podium.pod_manager.domain.kinds import FailureCause, MessageKind
from podium.pod_manager.domain.limits import FULL_BYTES, HELD_BYTES, SHORT_BYTES
from podium.pod_manager.domain.reports import AgentProgress
from podium.pod_manager.domain.resources import Pod
from podium.pods.v1 import pod_pb2
from podium.pods.v1 import pod_service_pb2 as pb
from tests.pod_manager.scene import Scene, item
from tests.pod_manager.servers import Servers, open_request, servers
from tests.pod_manager.test_machine import play
from tests.pod_manager.test_wire import POD, claim

CODEC = make_codec()


def encoded_bytes(pod: Pod) -> int:
    """Of what is weighed."""
    parts = [*pod.messages.values(), *pod.workstreams.values(), *pod.agents.values()]
    questions = sum(
        item.reason.name in ("QUESTION_ASKED", "PERMISSION", "BLOCKER_RAISED") for item in pod.inbox.values()
    )
    return sum(CODEC.to_proto(part).ByteSize() + 5 for part in parts) + 300 * questions


@pytest.mark.parametrize("seed", range(25))
def test_the_weight_is_never_less_than_the_bytes(seed: int) -> None:
    """Whatever happened to a pod, what it holds takes no more bytes than its weight; refolded it is as heavy."""
    scene = play(Random(seed), 120)
    assert encoded_bytes(scene.pod) <= scene.pod.held_bytes
    assert scene.refolded().held_bytes == scene.pod.held_bytes


def test_texts_of_any_alphabet_weigh_their_bytes() -> None:
    """Not their characters."""
    scene = Scene().executing(item("a"))
    before = scene.pod.held_bytes
    scene.do(PostMessage(kind=MessageKind.UPDATE, content="ü" * 10_000))
    assert 20_000 < scene.pod.held_bytes - before < 21_000


def holding(scene: Scene, weight: int) -> Scene:
    """The scene, as if it held so much."""
    scene.folded = replace(scene.folded, state=replace(scene.pod, held_bytes=weight))
    return scene


def test_a_full_pod_refuses_texts_and_takes_answers() -> None:
    """Words are refused, with what to do; a short answer is not, since an agent waits for it; nor is a decision."""
    scene = Scene().executing(item("a"))
    agent = scene.run(scene.agent_on("a"))
    scene.do(AskQuestion(content="Which?", blocking=True, question_key="q"), scene.as_agent(agent))
    question = next(message.id for message in scene.pod.messages.values())
    holding(scene, HELD_BYTES)
    for command in (
        PostMessage(kind=MessageKind.UPDATE, content="x"),
        AnswerQuestion(message_id=question, text="x" * 1000),
    ):
        refused = scene.refuse("POD_FULL", command)
        assert refused.metadata["limit"] == str(HELD_BYTES)
    scene.do(AnswerQuestion(message_id=question, text="The left one."))
    assert scene.pod.messages[question].answer


def test_reports_are_shortened_not_refused() -> None:
    """Each counts once, in fewer words: of an error the end stays, where the cause stands."""
    scene = Scene().executing(item("a"), max_attempts=1)
    agent = scene.run(scene.agent_on("a"))
    holding(scene, HELD_BYTES + 1)
    scene.report(agent, progress=AgentProgress(text="y" * 5000))
    assert len(scene.agent(agent).progress) == SHORT_BYTES
    scene.fail(agent, FailureCause.REPORTED, checks_output="z" * 5000)
    attempt = scene.pod.workstreams["a"].attempts[-1]
    assert len(attempt.checks_output) == SHORT_BYTES
    assert scene.agent(agent).last_report_seq == 3
    assert scene.inbox() == {"workstream_failed:a"}


def test_what_is_fuller_still_starts_nothing_and_says_so() -> None:
    """No agent more; waiting_on and the inbox say it; it can be finished as it stands."""
    scene = Scene().executing(item("a"))
    agent = scene.run(scene.agent_on("a"))
    holding(scene, FULL_BYTES + 1)
    scene.fail(agent)
    scene.wait(3600)
    assert not scene.pod.live_agents
    assert ("DECISION", "size") in scene.waits()
    assert "budget_reached:size" in scene.inbox()
    scene.refuse("POD_FULL", RestartAgent(agent_id=agent))
    scene.refuse("INVALID_PHASE", RequestChanges())


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Servers]:
    async with servers(tmp_path) as found:
        yield found


async def test_a_full_pod_is_shown_claimed_and_watched(house: Servers) -> None:
    """Over real services: filled until it refuses, every answer that carries the whole pod still arrives."""
    anna, (runner, epoch) = house.connect(), await house.runner()
    await anna.pods.OpenPod(open_request())
    text = "ä" * (32 * 1024)
    word = pb.PostMessageRequest(pod_id=POD, kind=pod_pb2.MESSAGE_KIND_UPDATE, content=text)
    posted = 0
    with pytest.raises(PreconditionError) as refused:
        while True:
            await anna.pods.PostMessage(word)
            posted += 1
    assert refused.value.reason == "POD_FULL"
    assert 60 <= posted <= 64
    shown = await anna.pods.GetPod(pb.GetPodRequest(pod_id=POD))
    assert len(shown.pod.messages) == posted
    assert HELD_BYTES * 0.9 < shown.ByteSize() < MAX_MESSAGE_BYTES / 2 + 1_000_000
    first = await anext(aiter(anna.pods.WatchPod(pb.WatchPodRequest(pod_id=POD, start=pb.WATCH_START_SNAPSHOT))))
    assert len(first.snapshot.messages) == posted
    claimed = await claim(runner, epoch)
    assert claimed.agent_token
    assert len(claimed.pod.messages) == posted
