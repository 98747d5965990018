"""What can go wrong: common. Made by protos/tools/error_classes.py (`make reasons`)."""

from podium.client.families import (
    DeadlineError,
    ExhaustedError,
    InternalError,
    InvalidArgumentError,
    OutOfRangeError,
    PermissionDeniedError,
    PodiumError,
    UnauthenticatedError,
    UnavailableError,
)


class InvalidFieldError(InvalidArgumentError):
    """A field breaks its rule · BadRequest lists the fields · correct the request."""


class RequestIdReusedError(InvalidArgumentError):
    """The request id was used before with another body · request_id · choose a new request id."""


class CallerNotAllowedError(PermissionDeniedError):
    """The caller's kind may not call this RPC or touch this entity · caller · use another identity."""


class NotOwnerError(UnavailableError):
    """This process does not own the entity's shard · owner_address · call the owner."""


class NotReadyError(UnavailableError):
    """The service is starting or draining · none · retry shortly."""


class OutcomeUnknownError(UnavailableError):
    """The outcome is unknown (store away, process dying) · request_id · repeat with the same request id."""


class MailboxFullError(ExhaustedError):
    """The entity's mailbox is full · none · retry with back-off."""


class ConsumerTooSlowError(ExhaustedError):
    """The reader is too slow for its buffer · none · resume from the last position or revision."""


class ResumePointTruncatedError(OutOfRangeError):
    """The resume point is no longer kept · oldest_revision · take a new snapshot."""


class DeadlineExceededError(DeadlineError):
    """The deadline passed before the server had an answer · none · repeat with the same request id."""


class InvalidPageTokenError(InvalidArgumentError):
    """The page token is not from this listing · none · start the listing again."""


class StorageFullError(ExhaustedError):
    """The storage is full or refuses writes · none · free space; the service recovers by itself."""


class StorageUnavailableError(UnavailableError):
    """The storage cannot be reached · none · retry; the service recovers by itself."""


class StorageDamagedError(UnavailableError):
    """The stored data cannot be read · stream · verify the store, restore a backup."""


class TooManyRequestsError(ExhaustedError):
    """Too many calls or streams at once · none · retry with back-off."""


class MalformedRequestError(InvalidArgumentError):
    """The bytes are no message of the RPC's request · none · send what the proto describes."""


_BY_REASON: dict[str, type[PodiumError]] = {
    "INVALID_FIELD": InvalidFieldError,
    "REQUEST_ID_REUSED": RequestIdReusedError,
    "UNAUTHENTICATED": UnauthenticatedError,
    "CALLER_NOT_ALLOWED": CallerNotAllowedError,
    "INTERNAL": InternalError,
    "NOT_OWNER": NotOwnerError,
    "NOT_READY": NotReadyError,
    "OUTCOME_UNKNOWN": OutcomeUnknownError,
    "MAILBOX_FULL": MailboxFullError,
    "CONSUMER_TOO_SLOW": ConsumerTooSlowError,
    "RESUME_POINT_TRUNCATED": ResumePointTruncatedError,
    "DEADLINE_EXCEEDED": DeadlineExceededError,
    "INVALID_PAGE_TOKEN": InvalidPageTokenError,
    "STORAGE_FULL": StorageFullError,
    "STORAGE_UNAVAILABLE": StorageUnavailableError,
    "STORAGE_DAMAGED": StorageDamagedError,
    "TOO_MANY_REQUESTS": TooManyRequestsError,
    "MALFORMED_REQUEST": MalformedRequestError,
}
