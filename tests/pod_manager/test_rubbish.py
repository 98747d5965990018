"""Commands of any shape are decided or refused for a documented reason; nothing else escapes."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.common.v1.error_reason_pb2 import ErrorReason
from podium.kernel.errors import Rejection
from podium.pod_manager.adapters.codec import COMMAND_TYPES, make_codec
from podium.pod_manager.domain.commands.agents import RunnerLeaseChanged, RunnersLooked
from tests.pod_manager.scene import ANNA, RUNNER, Scene, item
from tests.support.codec_roundtrip import values_of

CODEC = make_codec()
NOT_SENT = {RunnerLeaseChanged, RunnersLooked}
"""The manager's own."""
REASONS = {name.removeprefix("ERROR_REASON_") for name, _ in ErrorReason.items()}
NAMES = {"agent_id": "agents", "workstream_id": "workstreams", "job_id": "jobs", "message_id": "messages"}


def busy() -> Scene:
    """A pod with something of everything."""
    scene = Scene().executing(item("a"), item("b"), item("c", "a"))
    scene.run(scene.agent_on("a"))
    scene.complete(scene.run(scene.agent_on("b")))
    return scene


@pytest.mark.parametrize("kind", sorted(set(COMMAND_TYPES) - NOT_SENT, key=lambda kind: kind.__name__))
def test_any_command(kind: type) -> None:
    """Whatever a command says, and whoever says it: facts, or a Rejection with a documented reason."""
    story = busy()

    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(values_of(CODEC, kind), st.sampled_from([ANNA, RUNNER, story.as_agent(story.agent_on("a"))]), st.data())
    def check(command: object, actor: object, data: st.DataObject) -> None:
        scene = story.fork()
        for field, collection in NAMES.items():
            known = sorted(getattr(scene.pod, collection))
            if hasattr(command, field) and known and data.draw(st.booleans()):
                values = {name: getattr(command, name) for name in command.__dataclass_fields__}  # type: ignore[attr-defined]
                command = kind(**(values | {field: data.draw(st.sampled_from(known))}))
        try:
            scene.do(command, actor)  # type: ignore[arg-type]
        except Rejection as refusal:
            assert refusal.reason in REASONS
        else:
            assert scene.refolded() == scene.pod

    check()
