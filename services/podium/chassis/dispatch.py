"""From a request to a command of an entity, and to its outcome: the middle line of a servicer's three."""

import hashlib
import uuid
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from podium.chassis.codec import StructuralCodec
from podium.chassis.engine import Engine
from podium.chassis.engine.model import Outcome
from podium.chassis.identity import current_identity
from podium.chassis.telemetry import current_traceparent
from podium.kernel.errors import invalid

S = TypeVar("S")

EntityOf = Callable[[Any, str], str]
"""(request, request id) → entity id, for requests that may leave the id to the server."""


class Dispatcher(Generic[S]):
    """Runs requests on an engine.

    `entity_field` names the request's field that holds the entity's id, or computes the id. The command is the
    dataclass that the codec pairs with the request.
    """

    def __init__(self, engine: Engine[S], codec: StructuralCodec, entity_field: str | EntityOf = "pod_id") -> None:
        self._engine = engine
        self._codec = codec
        self._entity_field = entity_field

    async def dispatch(self, request: Message, *, command: object | None = None) -> Outcome[S]:
        """Run the request's command and answer after its commit.

        `command` stands in where it is not simply the request's. Raises Rejection: the domain's and the engine's.
        """
        given: str = getattr(request, "request_id", "")
        request_id = given or uuid.uuid4().hex
        return await self._engine.execute(
            self._entity_of(request, request_id),
            self._codec.from_proto(request) if command is None else command,
            actor=current_identity(),
            request_id=request_id,
            # A request id made here is new: there is no earlier body to compare with.
            request_hash=request_hash(request) if given else "",
            traceparent=current_traceparent(),
        )

    __call__ = dispatch

    def _entity_of(self, request: Message, request_id: str) -> str:
        if not isinstance(self._entity_field, str):
            return self._entity_field(request, request_id)
        entity_id = str(getattr(request, self._entity_field))
        if not entity_id:
            raise invalid(self._entity_field, "must name the entity")
        return entity_id


def request_hash(request: Message) -> str:
    """SHA-256 (hex) of a request's body, its request id left out."""
    given: str = request.request_id  # type: ignore[attr-defined]
    # Taken out and put back: a copy of the request costs more than the rest of this.
    request.request_id = ""  # type: ignore[attr-defined]
    body = request.SerializeToString(deterministic=True)
    request.request_id = given  # type: ignore[attr-defined]
    return hashlib.sha256(f"{request.DESCRIPTOR.full_name}\0".encode() + body).hexdigest()
