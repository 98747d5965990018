"""What a call can raise: one class for each family of gRPC status codes, and below these one for each reason.

The reasons are the names of `podium.common.v1.ErrorReason` without their prefix. Its comments say what to do, and stand
as docstrings at the classes in `podium.client.reasons`: `except TaskNotFoundError`, or `except NotFoundError`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from podium.client.families import (
    AbortedError,
    AlreadyExistsError,
    DeadlineError,
    ExhaustedError,
    FieldViolation,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    PermissionDeniedError,
    PodiumError,
    PreconditionError,
    UnauthenticatedError,
    UnavailableError,
)

if TYPE_CHECKING:
    import grpc
    from google.rpc.status_pb2 import Status

__all__ = [
    "AbortedError",
    "AlreadyExistsError",
    "DeadlineError",
    "ExhaustedError",
    "FieldViolation",
    "InternalError",
    "InvalidArgumentError",
    "NotFoundError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "PodiumError",
    "PreconditionError",
    "UnauthenticatedError",
    "UnavailableError",
    "from_rpc_error",
    "from_status",
    "make_error",
]

DOMAIN = "podium"
"""The domain of every `google.rpc.ErrorInfo` that Podium sends."""


_CLASSES: Mapping[str, type[PodiumError]] = {
    "INVALID_ARGUMENT": InvalidArgumentError,
    "NOT_FOUND": NotFoundError,
    "ALREADY_EXISTS": AlreadyExistsError,
    "FAILED_PRECONDITION": PreconditionError,
    "ABORTED": AbortedError,
    "OUT_OF_RANGE": OutOfRangeError,
    "RESOURCE_EXHAUSTED": ExhaustedError,
    "UNAVAILABLE": UnavailableError,
    "DEADLINE_EXCEEDED": DeadlineError,
    "UNAUTHENTICATED": UnauthenticatedError,
    "PERMISSION_DENIED": PermissionDeniedError,
    "INTERNAL": InternalError,
    "UNKNOWN": InternalError,
    "DATA_LOSS": InternalError,
}

_STATUS_KEY = "grpc-status-details-bin"


def make_error(
    code: str,
    reason: str,
    message: str,
    *,
    metadata: Mapping[str, str] | None = None,
    violations: Sequence[FieldViolation] = (),
    retry_after_seconds: float | None = None,
) -> PodiumError:
    """The error of the class that belongs to the reason, or where that does not fit, to the code."""
    from podium.client.reasons import CLASSES

    family = _CLASSES.get(code, PodiumError)
    kind = CLASSES.get(reason, family)
    if not issubclass(kind, family):
        kind = family
    return kind(code, reason, message, dict(metadata or {}), tuple(violations), retry_after_seconds)


def _code_name(number: int) -> str:
    import grpc

    return next((code.name for code in grpc.StatusCode if code.value[0] == number), "UNKNOWN")


def from_status(status: "Status") -> PodiumError:
    """The error that a `google.rpc.Status` tells (also one that travels inside a message)."""
    from google.rpc import error_details_pb2 as details

    reason, metadata, violations, retry = "", {}, [], None
    for packed in status.details:
        info, bad, delay = details.ErrorInfo(), details.BadRequest(), details.RetryInfo()
        if packed.Unpack(info) and info.domain == DOMAIN:
            reason, metadata = info.reason, dict(info.metadata)
        elif packed.Unpack(bad):
            violations += [FieldViolation(v.field, v.description) for v in bad.field_violations]
        elif packed.Unpack(delay):
            retry = delay.retry_delay.seconds + delay.retry_delay.nanos / 1e9
    return make_error(
        _code_name(status.code),
        reason,
        status.message,
        metadata=metadata,
        violations=violations,
        retry_after_seconds=retry,
    )


def from_rpc_error(error: "grpc.aio.AioRpcError") -> PodiumError:
    """The error that a failed gRPC call tells, rich where the server said more than a code."""
    for key, value in error.trailing_metadata() or ():
        if key == _STATUS_KEY:
            from google.protobuf.message import DecodeError
            from google.rpc.status_pb2 import Status

            try:
                return from_status(Status.FromString(value if isinstance(value, bytes) else value.encode()))
            except DecodeError:
                break  # a proxy's invention: the plain code still holds
    code = error.code().name
    reason = code if code == "DEADLINE_EXCEEDED" else ""  # gRPC's own clock, the same meaning
    return make_error(code, reason, error.details() or "no details")
