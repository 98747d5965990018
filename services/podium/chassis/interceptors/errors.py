"""Exceptions to documented errors: each one a `google.rpc.Status` with an ErrorInfo and what its code adds.

The reasons stand in `podium.common.v1.ErrorReason`; each says its cause, its metadata and what a client should do.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2 as details
from google.rpc.status_pb2 import Status

from podium.chassis.engine import ports
from podium.client.errors import DOMAIN, PodiumError
from podium.kernel.errors import Kind, Rejection, Violation, unavailable

_log = logging.getLogger(__name__)

_MAX_TEXT = 1000
"""Characters of a message or a metadata value: all of it travels in headers."""

_DEFAULT_RETRY_SECONDS = 0.2

_RETRIABLE = (Kind.UNAVAILABLE, Kind.RESOURCE_EXHAUSTED)

_CODES: dict[Kind, grpc.StatusCode] = {kind: grpc.StatusCode[kind.name] for kind in Kind}


def to_status(error: BaseException, method: str) -> Status:
    """The status that tells an exception; whatever is not documented is logged and hidden behind an error id."""
    if isinstance(error, PodiumError):
        return _of_peer(error)
    rejection = error if isinstance(error, Rejection) else _as_rejection(error)
    if rejection is None:
        return _internal(error, method)
    return _of_rejection(rejection)


def status_of_rejection(rejection: Rejection) -> Status:
    """The status of a documented refusal, for those that travel inside a message."""
    return _of_rejection(rejection)


def code_of(status: Status) -> grpc.StatusCode:
    """The gRPC code of a status."""
    return next(code for code in grpc.StatusCode if code.value[0] == status.code)


def _as_rejection(error: BaseException) -> Rejection | None:
    """The documented refusal that a known exception amounts to."""
    match error:
        case ports.AppendUnknown() | ports.AppendConflict():
            return unavailable("OUTCOME_UNKNOWN", "the outcome is unknown: repeat with the same request id")
        case ports.AppendFenced():
            return unavailable("OUTCOME_UNKNOWN", "another process has taken over: repeat with the same request id")
        case ports.AppendRefused():
            return unavailable(error.reason, error.message, 1.0)
        case ports.LogUnavailable():
            return unavailable("STORAGE_UNAVAILABLE", "the event store cannot be read now")
        case TimeoutError() | asyncio.TimeoutError():
            return Rejection(Kind.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "no answer in time")
        case _:
            return None


def _of_rejection(error: Rejection) -> Status:
    retry = error.retry_after_seconds
    if retry is None and error.kind in _RETRIABLE:
        retry = _DEFAULT_RETRY_SECONDS
    parts: list[Message] = [_info(error.reason, error.metadata.items())]
    if error.kind is Kind.INVALID_ARGUMENT:
        parts.append(_bad_request(error.violations))
    elif error.kind in (Kind.NOT_FOUND, Kind.ALREADY_EXISTS):
        parts.append(_resource(error))
    elif error.kind is Kind.FAILED_PRECONDITION:
        parts.append(_precondition(error))
    if retry is not None:
        parts.append(_retry(retry))
    return _status(_CODES[error.kind], error.message, parts)


def _of_peer(error: PodiumError) -> Status:
    """A peer's answer, passed on; where it concerns only the two of us, it is our unavailability."""
    if error.reason == "NOT_OWNER" or error.code in ("CANCELLED", "UNKNOWN", "OK"):
        return _of_rejection(unavailable("NOT_READY", "a service behind this one is not ready"))
    reason = error.reason or {"DEADLINE_EXCEEDED": "DEADLINE_EXCEEDED"}.get(error.code, "NOT_READY")
    parts: list[Message] = [_info(reason, error.metadata.items())]
    if error.violations:
        parts.append(_bad_request([Violation(item.field, item.description) for item in error.violations]))
    if error.retry_after_seconds is not None:
        parts.append(_retry(error.retry_after_seconds))
    return _status(grpc.StatusCode[error.code], error.message, parts)


def _internal(error: BaseException, method: str) -> Status:
    error_id = secrets.token_hex(8)
    _log.error("internal error %s in %s", error_id, method, exc_info=error)
    text = f"internal error {error_id}: its cause stands in the service's log"
    return _status(grpc.StatusCode.INTERNAL, text, [_info("INTERNAL", [("error_id", error_id)])])


def _status(code: grpc.StatusCode, message: str, parts: Iterable[Message]) -> Status:
    number: int = code.value[0]
    status = Status(code=number, message=_cut(message))
    for part in parts:
        status.details.add().Pack(part)
    return status


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"


def _info(reason: str, metadata: Iterable[tuple[str, str]]) -> details.ErrorInfo:
    return details.ErrorInfo(reason=reason, domain=DOMAIN, metadata={key: _cut(str(value)) for key, value in metadata})


def _bad_request(violations: Iterable[Violation]) -> details.BadRequest:
    make: Callable[..., Message] = details.BadRequest.FieldViolation
    return details.BadRequest(
        field_violations=[make(field=item.field, description=_cut(item.description)) for item in violations]
    )


def _resource(error: Rejection) -> details.ResourceInfo:
    """`POD_NOT_FOUND` with pod_id=x is the resource x of type pod."""
    kind = error.reason.removesuffix("_NOT_FOUND").removesuffix("_ALREADY_EXISTS").removesuffix("_EXISTS").lower()
    name = error.metadata.get(f"{kind}_id") or next(iter(error.metadata.values()), "")
    return details.ResourceInfo(resource_type=kind, resource_name=name, description=_cut(error.message))


def _precondition(error: Rejection) -> details.PreconditionFailure:
    make: Callable[..., Message] = details.PreconditionFailure.Violation
    subject = ", ".join(f"{key}={_cut(str(value))}" for key, value in error.metadata.items())
    return details.PreconditionFailure(
        violations=[make(type=error.reason, subject=subject, description=_cut(error.message))]
    )


def _retry(seconds: float) -> details.RetryInfo:
    whole = int(seconds)
    return details.RetryInfo(retry_delay=Duration(seconds=whole, nanos=int((seconds - whole) * 1e9)))
