"""Every value of Maestro survives the way to bytes and back."""

from hypothesis import strategies as st

from podium.maestro.adapters.codec import BoardCodec, make_codec
from podium.maestro.application.listing import ListSessions, ListTasks
from podium.maestro.domain import commands as c
from podium.maestro.domain import model
from podium.maestro.domain import process_commands as p
from podium.maestro.domain.facts import ChangeMember, ChangeRecorded
from podium.maestro.domain.model import Project
from podium.pods.v1 import pod_pb2
from podium.tasks.v1 import maestro_service_pb2 as pb
from tests.maestro.board import OPENED, World, requested
from tests.support.codec_roundtrip import check_roundtrip

CODEC = make_codec()
ENTITY = {"project_id", "request_id"}
QUERY = {"project_id", "page_token"}
MUTATIONS = (
    c.CreateProject,
    c.UpdateProject,
    c.DeleteProject,
    c.CreateTask,
    c.UpdateTask,
    c.DeleteTask,
    c.CreateSession,
    c.UpdateSession,
    c.DeleteSession,
    c.AddTaskToSession,
    c.RemoveTaskFromSession,
    c.AppendTimeline,
    c.SetNeedsInput,
    p.SpawnSession,
    p.ClaimSession,
    p.ReportSession,
    p.CloseSession,
)


def test_every_pair_converts_both_ways():
    """Each dataclass and its message convert without loss, and no proto field is forgotten."""
    unmapped = {Project: {"revision"}, ListTasks: QUERY, ListSessions: QUERY, **dict.fromkeys(MUTATIONS, ENTITY)}
    member = st.builds(ChangeMember.of, st.builds(lambda: World().log[0].event.facts[0]))
    check_roundtrip(CODEC, examples=10, unmapped=unmapped, overrides={ChangeMember: member})


def test_every_mutation_has_its_command():
    """Each RPC with a request id is a command of the domain, and each command but the follower's is an RPC."""
    rpcs = {m.input_type.name for m in pb.DESCRIPTOR.services_by_name["MaestroService"].methods}
    mutations = {name for name in rpcs if "request_id" in pb.DESCRIPTOR.message_types_by_name[name].fields_by_name}
    assert {f"{command.__name__}Request" for command in MUTATIONS} == mutations


def test_the_pods_words_are_the_same_here():
    """Phase and workstream status have the numbers of the pods' protos, by which they are read."""
    for enum, proto, prefix in (
        (model.Phase, pod_pb2.Phase, "PHASE_"),
        (model.WorkstreamStatus, pod_pb2.WorkstreamStatus, "WORKSTREAM_STATUS_"),
    ):
        assert {prefix + each.name: each.value for each in enum} == dict(proto.items())


def test_snapshots_keep_everything():
    """A board that went through a snapshot equals the one before, indexes included; so do stored changes."""
    world = World()
    world.tasks("a", "b")
    world.do(c.CreateTask("part", parent_id="a"))
    world.do(c.CreateSession("s", ("a", "b"), env={"EDITOR": "vi"}))
    world.follow("b", OPENED, requested("x"), c.QuestionAsked("q", "?"), c.AgentAwaited("x", "q"))
    world.do(c.DeleteTask("a"))
    codec = BoardCodec(CODEC)
    assert codec.decode_state(codec.encode_state(world.board)) == world.board
    for recorded in world.log:
        assert isinstance(recorded.event, ChangeRecorded)
        assert codec.decode_event(*codec.encode_event(recorded.event)) == recorded.event
