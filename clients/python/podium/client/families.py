"""The families of errors: one class for each gRPC status code. `reasons` has a class for each documented reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


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
