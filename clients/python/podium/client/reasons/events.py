"""What can go wrong: events. Made by protos/tools/error_classes.py (`make reasons`)."""

from podium.client.families import AbortedError, InvalidArgumentError, NotFoundError, PodiumError, PreconditionError


class RevisionConflictError(AbortedError):
    """The stream is not at the expected revision · stream, expected, actual · re-read, decide again."""


class FencedError(AbortedError):
    """A newer owner holds the shard · service, shard, epoch, current · stop writing, give up the shard."""


class EventIdReusedError(InvalidArgumentError):
    """The same event id was stored with other content · event_id · choose new event ids."""


class StreamNotFoundError(NotFoundError):
    """No such stream · stream · check the name."""


class LeaseLostError(PreconditionError):
    """The lease is over or was taken under a new epoch · name, epoch · acquire it again."""


class ShardOwnedError(PreconditionError):
    """The shard's owner still lives · shard, owner · wait for its release or its lease's end."""


class SnapshotNotFoundError(NotFoundError):
    """No snapshot at or before the revision · stream · read the stream from its start."""


class FenceRequiredError(PreconditionError):
    """An append to a fenced category came without a fence · stream · write through the owner."""


_BY_REASON: dict[str, type[PodiumError]] = {
    "REVISION_CONFLICT": RevisionConflictError,
    "FENCED": FencedError,
    "EVENT_ID_REUSED": EventIdReusedError,
    "STREAM_NOT_FOUND": StreamNotFoundError,
    "LEASE_LOST": LeaseLostError,
    "SHARD_OWNED": ShardOwnedError,
    "SNAPSHOT_NOT_FOUND": SnapshotNotFoundError,
    "FENCE_REQUIRED": FenceRequiredError,
}
