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
from podium.pod_manager.domain.commands.documents import ApprovePlan, ApproveSpec, UpdatePlan, UpdateSpec
from podium.pod_manager.domain.commands.lifecycle import CancelPod
from podium.pod_manager.domain.commands.messages import AnswerQuestion, AskQuestion
from podium.pod_manager.domain.commands.review import ApproveReview, RequestChanges
from podium.pod_manager.domain.commands.workstreams import SkipWorkstream
from podium.pod_manager.domain.kinds import Autonomy, FailureCause, JobKind
from podium.pod_manager.domain.policy import Budget, Policy
from podium.pod_manager.domain.reports import AgentStopped, ChangeRequest
from podium.pod_manager.domain.resources import Pod
from tests.pod_manager.scene import Scene, item

FOLDER = Path(__file__).parent.parent / "histories" / "pods"
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


STORIES: dict[str, Callable[[], Scene]] = {
    "landed": landed,
    "lost_and_cancelled": lost_and_cancelled,
    "autonomous": autonomous,
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
