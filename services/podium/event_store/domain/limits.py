"""What an append may look like; every refusal names the field and the remedy."""

from functools import lru_cache

from podium.event_store.domain.model import Append, Fact, Fence, weigh
from podium.kernel.errors import Rejection, invalid, precondition
from podium.kernel.ids import SHARDS, shard_of

MAX_NAME_BYTES = 255
MAX_DATA_BYTES = 1 << 20
MAX_METADATA_PAIRS = 32
MAX_METADATA_KEY_BYTES = 64
MAX_METADATA_VALUE_BYTES = 4096
MAX_BATCH_BYTES = 4 << 20
MAX_BATCH_EVENTS = 10_000
MAX_STREAMS = 1000
ID_BYTES = 16

FENCED = {"pods": "pod-manager", "projects": "maestro"}
"""Category → the service whose shards fence it."""

LEASES_STREAM = "$leases"
"""Where the comings and goings of processes are told."""


class FieldError(ValueError):
    """A field of one event breaks its rule; whoever knows the event's place makes a Rejection of it."""

    def __init__(self, field: str, remedy: str) -> None:
        super().__init__(f"{field}: {remedy}")
        self.field, self.remedy = field, remedy


def check_append(append: Append) -> None:
    """Raises the Rejection of what is wrong with an append in any state (its facts are checked one by one)."""
    if not append.parts:
        raise invalid("appends", "name at least one stream")
    if len(append.parts) > MAX_STREAMS:
        raise invalid("appends", f"at most {MAX_STREAMS} streams")
    for index, (stream, _, _, bodies, expected) in enumerate(append.parts):
        if not _is_known_name(stream):
            check_stream_name(stream, "appends[{}].stream", index)
        if expected is not None and expected < 0:
            raise invalid(f"appends[{index}].expected_revision", "not below 0")
        if not bodies:
            raise invalid(f"appends[{index}].events", "at least one event")
    if len(append.parts) > 1 or len(append.parts[0].bodies) > 1:  # one event is never too much
        _check_weight(append)
    if append.fence is not None:
        _check_fence(append.fence)
    check_fence_fits(append)


def _check_fence(fence: Fence) -> None:
    service, shard, epoch = fence
    if not service or len(service.encode()) > MAX_NAME_BYTES:
        raise invalid("fence.service", f"1 to {MAX_NAME_BYTES} bytes")
    if not 0 <= shard < SHARDS:
        raise invalid("fence.shard", f"0 to {SHARDS - 1}")
    if epoch < 1:
        raise invalid("fence.epoch", "at least 1")


def _check_weight(append: Append) -> None:
    events, size = weigh((append,))
    if len(append.parts) > 1 and len({part.stream for part in append.parts}) < len(append.parts):
        raise invalid("appends", "a stream may be named once in an append")
    if events > MAX_BATCH_EVENTS:
        raise invalid("appends", f"at most {MAX_BATCH_EVENTS} events in an append")
    if size > MAX_BATCH_BYTES:
        raise invalid("appends", f"at most {MAX_BATCH_BYTES} bytes in an append")


def check_stream_name(name: str, path: str = "stream", index: int = 0) -> None:
    """A client's stream: not empty, at most 255 bytes, not one of the store's own."""
    if not name or len(name) > MAX_NAME_BYTES or (not name.isascii() and len(name.encode()) > MAX_NAME_BYTES):
        raise invalid(path.format(index), f"1 to {MAX_NAME_BYTES} bytes")
    if "\0" in name:
        raise invalid(path.format(index), "no NUL characters")
    if name[0] == "$":
        raise invalid(path.format(index), "names that begin with $ are the store's own")


@lru_cache(maxsize=4096)
def _is_known_name(name: str) -> bool:
    """Whether `check_stream_name` has nothing against it: streams are named again and again."""
    try:
        check_stream_name(name)
    except Rejection:
        return False
    return True


def check_fact(fact: Fact, data_size: int) -> None:
    """An event's id, type and payload size; raises FieldError."""
    event_id, kind, _ = fact
    if len(event_id) != ID_BYTES:
        raise FieldError("event_id", f"exactly {ID_BYTES} bytes")
    if not kind or len(kind) > MAX_NAME_BYTES or (not kind.isascii() and len(kind.encode()) > MAX_NAME_BYTES):
        raise FieldError("type", f"1 to {MAX_NAME_BYTES} bytes")
    if "\0" in kind:
        raise FieldError("type", "no NUL characters")
    if data_size > MAX_DATA_BYTES:
        raise FieldError("data", f"at most {MAX_DATA_BYTES} bytes")


@lru_cache(maxsize=4096)
def fenced_service(stream: str) -> str | None:
    """The service that owns the stream's category; None: anybody may write it."""
    category, slash, _ = stream.partition("/")
    return FENCED.get(category) if slash else None


def shard_of_stream(stream: str) -> int:
    """The shard of the entity whose stream this is."""
    return shard_of(stream.partition("/")[2])


def check_fence_fits(append: Append) -> None:
    """An append to fenced streams carries the fence of just their shard; whether it is current is the log's to say."""
    for stream, *_ in append.parts:
        service = fenced_service(stream)
        if service is None:
            continue
        if append.fence is None:
            raise precondition("FENCE_REQUIRED", f"{stream} is written by its owner only", stream=stream)
        shard = shard_of_stream(stream)
        if (append.fence.service, append.fence.shard) != (service, shard):
            raise invalid("fence", f"{stream} belongs to {service}, shard {shard}")


def truncated(stream: str, oldest_revision: int) -> Rejection:
    """The refusal of a reader below the floor."""
    from podium.kernel.errors import Kind

    return Rejection(
        Kind.OUT_OF_RANGE,
        "RESUME_POINT_TRUNCATED",
        f"{stream} begins at revision {oldest_revision}",
        {"stream": stream, "oldest_revision": str(oldest_revision)},
    )
