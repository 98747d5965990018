"""Values and messages of Maestro, by the structural codec."""

from podium.chassis.codec import StructuralCodec, pair_by_name, pair_commands
from podium.chassis.entity_codec import ProtoEntityCodec
from podium.jobs.v1 import session_job_events_pb2
from podium.maestro.application import listing
from podium.maestro.domain import commands, facts, model, orders, process_commands, state
from podium.maestro.domain.facts import ChangeRecorded
from podium.maestro.domain.orders import SessionJobClosed, SessionJobIssued
from podium.maestro.domain.state import Board, ProjectState
from podium.tasks.v1 import maestro_service_pb2, task_events_pb2, task_pb2


def make_codec() -> StructuralCodec:
    """Every value that has a message, and every request that is a command or a query."""
    resources = pair_by_name((model, facts, state), (task_pb2, task_events_pb2))
    issued = pair_by_name((orders,), (session_job_events_pb2,))
    requests = pair_commands((commands, process_commands, listing), (maestro_service_pb2,))
    return StructuralCodec({**resources, **issued, **requests})


class BoardCodec:
    """Implements `engine.ports.EntityCodec`: snapshots keep the state, the indexes are built anew."""

    def __init__(self, codec: StructuralCodec) -> None:
        self._inner = ProtoEntityCodec(codec, ProjectState, (ChangeRecorded, SessionJobIssued, SessionJobClosed))

    def encode_event(self, event: object) -> tuple[str, bytes]:
        """(type, data) of a change."""
        return self._inner.encode_event(event)

    def decode_event(self, type_name: str, data: bytes) -> object:
        """The change; raises LookupError for a type it does not know."""
        return self._inner.decode_event(type_name, data)

    def encode_state(self, state: Board) -> bytes:
        """What a snapshot keeps."""
        return self._inner.encode_state(state.state)

    def decode_state(self, data: bytes) -> Board:
        """The board of a snapshot."""
        return Board.of(self._inner.decode_state(data))
