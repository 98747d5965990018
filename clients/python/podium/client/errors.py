"""What a call can raise: one class for each family of gRPC status codes, each with Podium's documented reason.

The reasons are the names of `podium.common.v1.ErrorReason` without their prefix; its comments say what to do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import grpc
    from google.rpc.status_pb2 import Status

DOMAIN = "podium"
"""The domain of every `google.rpc.ErrorInfo` that Podium sends."""


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One field that breaks its rule."""

    field: str
    description: str


@dataclass(eq=False)
class PodiumError(Exception):
    """A refused or failed call.

    `code` is the gRPC status code's name (`NOT_FOUND`), `reason` Podium's (`POD_NOT_FOUND`; empty where the
    error did not come from Podium), `metadata` what the reason's comment lists, `retry_after_seconds` the
    server's advice.
    """

    code: str
    reason: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: Sequence[FieldViolation] = ()
    retry_after_seconds: float | None = None

    def __str__(self) -> str:
        return f"{self.reason or self.code}: {self.message}"

    @property
    def is_outcome_unknown(self) -> bool:
        """Whether a mutation may have taken effect: repeat it with the same request id."""
        return self.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "UNKNOWN", "INTERNAL")


class InvalidArgumentError(PodiumError):
    """Wrong in any state; `violations` name the fields."""


class NotFoundError(PodiumError):
    """No such thing."""


class AlreadyExistsError(PodiumError):
    """There already."""


class PreconditionError(PodiumError):
    """Not possible in this state."""


class AbortedError(PodiumError):
    """Another writer was there: read again, decide again."""


class OutOfRangeError(PodiumError):
    """The resume point is no longer kept: take a new snapshot."""


class ExhaustedError(PodiumError):
    """A bound is reached: retry with back-off."""


class UnavailableError(PodiumError):
    """Not now, or the outcome is unknown: repeat with the same request id."""


class DeadlineError(PodiumError):
    """No answer in time: repeat with the same request id."""


class UnauthenticatedError(PodiumError):
    """No valid token."""


class PermissionDeniedError(PodiumError):
    """Not for this caller."""


class InternalError(PodiumError):
    """A bug; `metadata["error_id"]` stands in the server's log."""


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
    """The error of the class that belongs to the code."""
    kind = _CLASSES.get(code, PodiumError)
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
