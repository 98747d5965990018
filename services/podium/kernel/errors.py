"""How domain and application code say no.

One exception class carries everything the edge needs to build a documented error: its kind (which becomes a gRPC
status code), its reason (a name from `podium.common.v1.ErrorReason`), a sentence for people, and metadata.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """The families of refusal; each is one gRPC status code (the mapping lives in `podium.chassis`)."""

    INVALID_ARGUMENT = "invalid_argument"
    NOT_FOUND = "not_found"
    ALREADY_EXISTS = "already_exists"
    FAILED_PRECONDITION = "failed_precondition"
    ABORTED = "aborted"
    OUT_OF_RANGE = "out_of_range"
    RESOURCE_EXHAUSTED = "resource_exhausted"
    UNAVAILABLE = "unavailable"
    UNAUTHENTICATED = "unauthenticated"
    PERMISSION_DENIED = "permission_denied"
    DEADLINE_EXCEEDED = "deadline_exceeded"


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that breaks its rule: `field` is the path (`items[3].id`), `description` the remedy."""

    field: str
    description: str


@dataclass(eq=False)
class Rejection(Exception):
    """A documented refusal.

    `reason` is the name of an `ErrorReason` without its prefix; `metadata` holds what that reason's comment lists.
    """

    kind: Kind
    reason: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: Sequence[Violation] = ()
    retry_after_seconds: float | None = None

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


def invalid(field_path: str, description: str, reason: str = "INVALID_FIELD", **metadata: str) -> Rejection:
    """A request that is wrong in any state; names the field and the remedy."""
    return Rejection(
        Kind.INVALID_ARGUMENT,
        reason,
        f"{field_path}: {description}",
        metadata,
        (Violation(field_path, description),),
    )


def not_found(reason: str, message: str, **metadata: str) -> Rejection:
    """The named thing does not exist."""
    return Rejection(Kind.NOT_FOUND, reason, message, metadata)


def already_exists(reason: str, message: str, **metadata: str) -> Rejection:
    """The named thing exists."""
    return Rejection(Kind.ALREADY_EXISTS, reason, message, metadata)


def precondition(reason: str, message: str, **metadata: str) -> Rejection:
    """Right in itself, not possible in this state."""
    return Rejection(Kind.FAILED_PRECONDITION, reason, message, metadata)


def denied(message: str, **metadata: str) -> Rejection:
    """This caller may not."""
    return Rejection(Kind.PERMISSION_DENIED, "CALLER_NOT_ALLOWED", message, metadata)


def unavailable(reason: str, message: str, retry_after_seconds: float = 0.2, **metadata: str) -> Rejection:
    """Not now; a repeat with the same request id is safe."""
    return Rejection(Kind.UNAVAILABLE, reason, message, metadata, retry_after_seconds=retry_after_seconds)


def exhausted(reason: str, message: str, retry_after_seconds: float = 0.2, **metadata: str) -> Rejection:
    """A bound is reached; retry with back-off."""
    return Rejection(Kind.RESOURCE_EXHAUSTED, reason, message, metadata, retry_after_seconds=retry_after_seconds)
