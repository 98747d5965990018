"""Recorded histories: pod streams as they were once stored, which every later version must still fold.

`python -m tests.pod_manager.histories` records the stories that have no file yet; it never writes over one.
"""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from podium.kernel.entity import Recorded
from podium.pod_manager.adapters.codec import entity_codec, make_codec
from podium.pod_manager.domain.commands.agents import InterruptAgent
from podium.pod_manager.domain.commands.documents import ApprovePlan, ApproveSpec, UpdatePlan, UpdateSpec
from podium.pod_manager.domain.commands.lifecycle import CancelPod, TransitionPhase, UpdatePolicy
from podium.pod_manager.domain.commands.messages import AnswerQuestion, AskQuestion, PostMessage
from podium.pod_manager.domain.commands.review import ApproveReview, RequestChanges
from podium.pod_manager.domain.commands.workstreams import (
    CancelWorkstream,
    RetryWorkstream,
    SkipWorkstream,
    UpdateChecklist,
)
from podium.pod_manager.domain.kinds import AgentKind, Autonomy, ChecksResult, FailureCause, JobKind, MessageKind, Phase
from podium.pod_manager.domain.policy import Budget, Policy, ProfileChoice
from podium.pod_manager.domain.reports import AgentStopped, ChangeRequest, JobConflict
from podium.pod_manager.domain.resources import ChecklistItem, Pod
from tests.pod_manager.scene import Scene, item

FOLDER = Path(__file__).parent.parent / "histories" / "pods"
OPTIONS = ("Allow once", "Always allow", "Deny")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CODEC = make_codec()
ENTITY = entity_codec(CODEC)


def landed() -> Scene:
    """FULL and guided: a question, a failure, a conflict, requested changes, landed and released."""
    scene = Scene()
    scene.open_pod()
    writer = scene.run(scene.only_agent())
    scene.do(UpdateSpec(content="# Sums"), scene.as_agent(writer))
    scene.complete(writer, input_tokens=1000)
    scene.do(ApproveSpec(version=1))
    scene.fail(scene.run(scene.only_agent()), FailureCause.NO_RESULT)
    scene.wait(15)
    plan(scene)
    asking = scene.run(scene.agent_on("a"))
    scene.do(AskQuestion(content="Which sum?", blocking=True), scene.as_agent(asking))
    scene.do(AnswerQuestion(message_id=next(iter(scene.pod.messages)), text="All of them."))
    scene.done(JobKind.INPUT)
    scene.complete(asking)
    scene.conflict("sums.py")
    scene.finish_workstream("a")
    scene.finish_workstream("b")
    scene.verify()
    scene.do(RequestChanges(changes=(ChangeRequest("b", "Name it better."),)))
    scene.finish_workstream("b")
    scene.verify(commit="tip-2")
    scene.do(ApproveReview(integration_commit="tip-2"))
    scene.landed()
    scene.done(JobKind.RELEASE)
    return scene


def plan(scene: Scene) -> None:
    """Planned and approved: b needs a."""
    planner = scene.run(scene.only_agent())
    scene.do(UpdatePlan(summary="Two steps.", items=(item("a"), item("b", "a"))), scene.as_agent(planner))
    scene.complete(planner)
    scene.do(ApprovePlan(version=1))


def lost_and_cancelled() -> Scene:
    """A lost runner, a skipped workstream, an interrupt, the end."""
    scene = Scene().executing(item("a"), item("b"), item("c", "a"), max_attempts=2)
    scene.run(scene.agent_on("a"))
    running = scene.run(scene.agent_on("b"))
    scene.runner_restarted()
    scene.claim(running)
    scene.wait(30)
    scene.fail(scene.run(scene.agent_on("a")), FailureCause.CHECKS_FAILED, checks_output="1 failed")
    scene.do(SkipWorkstream(workstream_id="a", reason="not needed"))
    scene.do(CancelPod(reason="another way was found"))
    scene.report(running, interrupted=AgentStopped("asked"))
    return scene


def autonomous() -> Scene:
    """QUICK, and granted by the policy."""
    scene = Scene()
    policy = Policy(autonomy=Autonomy.AUTONOMOUS, budget=Budget(agent_time=timedelta(hours=1)))
    scene.open_pod(quick=True, policy=policy)
    worker = scene.run(scene.only_agent())
    scene.wait(600)
    scene.complete(worker, input_tokens=5, output_tokens=7, cost_micros=9, turns=1)
    scene.merge()
    scene.verify()
    scene.landed()
    return scene


def target_conflict() -> Scene:
    """The target moved: a resolver takes the conflict, rate limits and failed logins pass, the second landing works."""
    scene = Scene()
    profiles = (ProfileChoice(AgentKind.UNSPECIFIED, "main"), ProfileChoice(AgentKind.RESOLVER, "solver"))
    scene.open_pod(quick=True, policy=Policy(profiles=profiles))
    scene.fail(scene.run(scene.only_agent()), FailureCause.RATE_LIMITED)
    scene.wait(120)
    scene.fail(scene.run(scene.only_agent()), FailureCause.LOGIN_FAILED)
    scene.wait(600)
    scene.complete(scene.run(scene.only_agent()), input_tokens=10)
    scene.merge()
    scene.verify()
    scene.do(ApproveReview(integration_commit="tip"))
    scene.report_job(JobKind.LAND, conflict=JobConflict(paths=("sums.py",)))
    scene.finish_workstream("target-conflict-1")
    scene.verify(commit="tip-2")
    scene.do(ApproveReview(integration_commit="tip-2"))
    scene.landed()
    scene.done(JobKind.RELEASE)
    return scene


def lost_runner() -> Scene:
    """A runner goes for good while its agent asks; the retry has the answer; grants and words stay."""
    scene = Scene().executing(item("a"), max_attempts=2)
    asking = scene.run(scene.agent_on("a"))
    key = AskQuestion(
        content="May I run npm?", blocking=True, question_key="npm", permission_tool="npm", options=OPTIONS
    )
    scene.do(key, scene.as_agent(asking))
    (question,) = scene.pod.messages
    scene.lease_ended()
    scene.wait(60)
    scene.do(AnswerQuestion(message_id=question, choice="Always allow"))
    scene.runner_restarted()
    second = scene.run(scene.agent_on("a"))
    scene.do(key, scene.as_agent(second))
    scene.fail(second, FailureCause.NO_RESULT)
    scene.wait(300)
    scene.fail(scene.run(scene.agent_on("a")), FailureCause.REPORTED)
    scene.do(RetryWorkstream(workstream_id="a", feedback="Once more."))
    scene.finish_workstream("a")
    scene.verify(ChecksResult.FAILED)
    scene.do(TransitionPhase(to=Phase.COMPLETED, reason="good enough"))
    return scene


def edited() -> Scene:
    """Rules changed live, documents written and reopened by a person, steps back, an unheeded interrupt, cancelled."""
    scene = Scene()
    scene.open_pod(spec="# Spec", policy=Policy(auto_start_agents=False))
    scene.do(ApproveSpec(version=1))
    scene.do(UpdatePolicy(Policy(auto_start_agents=True, max_attempts=5), ("auto_start_agents", "max_attempts")))
    scene.do(InterruptAgent(agent_id=scene.only_agent(), reason="I write it myself"))
    scene.do(UpdatePlan(summary="Mine.", items=(item("a"), item("b"))))
    scene.do(ApprovePlan(version=1))
    running = scene.run(scene.agent_on("a"))
    scene.do(UpdateChecklist(workstream_id="a", items=(ChecklistItem("Write a test"),)), scene.as_agent(running))
    scene.do(PostMessage(kind=MessageKind.BLOCKER, content="No network.", workstream_id="a"), scene.as_agent(running))
    scene.do(InterruptAgent(agent_id=running, reason="stop"))
    scene.wait(61)
    scene.do(CancelWorkstream(workstream_id="b", reason="not now"))
    scene.do(CancelPod(reason="later"))
    return scene


STORIES: dict[str, Callable[[], Scene]] = {
    "landed": landed,
    "lost_and_cancelled": lost_and_cancelled,
    "autonomous": autonomous,
    "target_conflict": target_conflict,
    "lost_runner": lost_runner,
    "edited": edited,
}


def to_json(pod: Pod) -> dict[str, Any]:
    """A state, readable; what is not set is left out, so that new fields change nothing."""
    return json_format.MessageToDict(CODEC.to_proto(pod), preserving_proto_field_name=True)


def write(path: Path, scene: Scene) -> None:
    """One line a fact, and the state that they fold to in the last line."""
    lines: list[dict[str, Any]] = []
    for recorded in scene.history:
        kind, data = ENTITY.encode_event(recorded.event)
        lines.append(
            {
                "revision": recorded.revision,
                "time": (recorded.time - EPOCH) // timedelta(microseconds=1),
                "actor": recorded.actor,
                "request_id": recorded.request_id,
                "type": kind,
                "data": base64.b64encode(data).decode(),
            }
        )
    lines.append({"state": to_json(scene.pod)})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line, sort_keys=True) + "\n" for line in lines))


def read(path: Path) -> tuple[list[Recorded], dict[str, Any]]:
    """(the facts, the recorded state)."""
    *facts, last = [json.loads(line) for line in path.read_text().splitlines()]
    return list(_recorded(facts)), last["state"]


def _recorded(facts: list[dict[str, Any]]) -> Iterator[Recorded]:
    for fact in facts:
        event = ENTITY.decode_event(fact["type"], base64.b64decode(fact["data"]))
        time = EPOCH + timedelta(microseconds=fact["time"])
        yield Recorded(event, fact["revision"], time, fact["actor"], fact["request_id"])


if __name__ == "__main__":
    for name, story in STORIES.items():
        target = FOLDER / f"{name}.jsonl"
        if not target.exists():
            write(target, story())
