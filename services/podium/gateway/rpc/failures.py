"""Podium's documented errors as Connect errors: same code, same details."""

import json
from typing import TYPE_CHECKING, Any

from connectrpc.code import Code
from connectrpc.errors import ConnectError, ErrorDetail
from google.protobuf.json_format import MessageToDict
from google.rpc import error_details_pb2
from protobuf.wkt import Any as WireAny
from protobuf.wkt import Struct

from podium.chassis.interceptors.errors import to_status
from podium.client.errors import PodiumError
from podium.gateway.asgi import in_words
from podium.kernel.errors import Rejection

if TYPE_CHECKING:
    from google.protobuf.any_pb2 import Any as GoogleAny

_CODES = (None, *Code)
"""By number: Connect's codes stand in the order of gRPC's, from 1."""

_READABLE = {
    cls.DESCRIPTOR.full_name: cls
    for cls in (
        error_details_pb2.ErrorInfo,
        error_details_pb2.BadRequest,
        error_details_pb2.PreconditionFailure,
        error_details_pb2.ResourceInfo,
        error_details_pb2.RetryInfo,
    )
}


class _Detail(ErrorDetail):
    """A detail that people can read too: Connect's JSON shows `value()` as its `debug`."""

    def __init__(self, packed: "GoogleAny") -> None:
        super().__init__(WireAny(type_url=packed.type_url, value=packed.value))
        self._kind = _READABLE.get(packed.type_url.rpartition("/")[2])

    def value(self, desc_or_registry: Any = None, /) -> Any:
        """The detail as a Struct, where its type is one of ours."""
        if desc_or_registry is not None or self._kind is None:
            return super().value(desc_or_registry)
        return Struct.from_json(json.dumps(MessageToDict(self._kind.FromString(self.message_bytes))))


def to_connect(error: PodiumError | Rejection, method: str = "") -> ConnectError:
    """The Connect error of a service's answer, or of a refusal of our own."""
    status = to_status(in_words(error), method)
    code = _CODES[status.code] if 0 < status.code < len(_CODES) else None
    return ConnectError(code or Code.UNKNOWN, status.message, [_Detail(each) for each in status.details])
