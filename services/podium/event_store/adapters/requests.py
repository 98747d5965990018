"""Requests to the log's words, checked; and back."""

from collections.abc import Iterable
from typing import Any

from podium.event_store.domain import limits
from podium.event_store.domain.model import (
    Append,
    Appended,
    Fact,
    Fence,
    Filter,
    Lease,
    Retention,
    Snapshot,
    StreamInfo,
    StreamPart,
)
from podium.events.v1 import event_pb2, event_service_pb2
from podium.kernel.errors import denied, invalid
from podium.kernel.identity import CallerKind, Identity

RUNNER_CATEGORIES = ("transcripts/", "artifacts/")


def parse_append(request: event_service_pb2.AppendRequest) -> Append:
    """The append; raises the Rejection of what is wrong with it.

    The request is without unknown fields (`DiscardUnknownFields`): they could pose as the store's own.
    """
    parts = []
    for index, part in enumerate(request.appends):
        expected = part.expected_revision if part.HasField("expected_revision") else None
        parts.append(StreamPart(part.stream, _parse_facts(part.events, index), expected))
    append = Append(parts, parse_fence(request.fence) if request.HasField("fence") else None)
    limits.check_append(append)
    return append


_QUICK_OVERHEAD_BYTES = 255
"""An event whose size without its payload is at most this has no text that is too long but, perhaps, a key."""
_QUICK_KEY_CHARACTERS = limits.MAX_METADATA_KEY_BYTES // 4
_KNOWN_TYPES_KEPT = 1000
_known_types: set[str] = set()
"""Types that were found sound: they come again and again."""


def _parse_facts(events: Iterable[event_pb2.NewEvent], part: int) -> list[Fact]:
    """The facts, checked; quickly where everything is short and known, and that is nearly always."""
    facts: list[Fact] = []
    for event in events:
        event_id, event_type, size = event.event_id, event.type, len(event.data)
        # Deterministic: a retry must give the same bytes.
        body = event.SerializeToString(deterministic=True)
        fact = Fact(event_id, event_type, body)
        if (
            len(event_id) != limits.ID_BYTES
            or event_type not in _known_types
            or size > limits.MAX_DATA_BYTES
            or len(body) - size > _QUICK_OVERHEAD_BYTES
        ):
            _check(event, fact, size, part, len(facts))
        pairs = event.metadata
        if len(pairs) > limits.MAX_METADATA_PAIRS:
            _check(event, fact, size, part, len(facts))
        for key in pairs:
            if not 0 < len(key) <= _QUICK_KEY_CHARACTERS:
                _check(event, fact, size, part, len(facts))
        facts.append(fact)
    return facts


def _check(event: event_pb2.NewEvent, fact: Fact, size: int, part: int, number: int) -> None:
    """Look at everything. Raises INVALID_FIELD with the event's place."""
    try:
        limits.check_fact(fact, size)
        _check_texts(event, len(fact.body) - size)
    except limits.FieldError as wrong:
        raise invalid(f"appends[{part}].events[{number}].{wrong.field}", wrong.remedy) from None
    if len(_known_types) >= _KNOWN_TYPES_KEPT:
        _known_types.clear()
    _known_types.add(fact.type)


def _too_long(text: str, limit: int) -> bool:
    # UTF-8 takes at most four bytes a character: most texts need not be encoded to know.
    return len(text) * 4 > limit and len(text.encode()) > limit


def _check_texts(event: event_pb2.NewEvent, overhead: int) -> None:
    """Metadata and content type; `overhead` is the event's size without its payload, and bounds them all."""
    pairs = event.metadata
    if len(pairs) > limits.MAX_METADATA_PAIRS:
        raise limits.FieldError("metadata", f"at most {limits.MAX_METADATA_PAIRS} pairs")
    for key in pairs:
        if not key or _too_long(key, limits.MAX_METADATA_KEY_BYTES):
            raise limits.FieldError("metadata", f"keys of 1 to {limits.MAX_METADATA_KEY_BYTES} bytes")
    if overhead > limits.MAX_NAME_BYTES and _too_long(event.content_type, limits.MAX_NAME_BYTES):
        raise limits.FieldError("content_type", f"at most {limits.MAX_NAME_BYTES} bytes")
    if overhead > limits.MAX_METADATA_VALUE_BYTES:
        for key, value in pairs.items():
            if _too_long(value, limits.MAX_METADATA_VALUE_BYTES):
                raise limits.FieldError(f'metadata["{key}"]', f"at most {limits.MAX_METADATA_VALUE_BYTES} bytes")


def check_writer(identity: Identity, append: Append) -> None:
    """Runners write transcripts and artifacts, people no entities, services everything."""
    if identity.kind is CallerKind.SERVICE:
        return
    for part in append.parts:
        if identity.kind is CallerKind.RUNNER:
            allowed = part.stream.startswith(RUNNER_CATEGORIES)
        else:
            allowed = identity.kind is CallerKind.PERSON and limits.fenced_service(part.stream) is None
        if not allowed:
            raise denied(f"{identity} may not write {part.stream}", caller=str(identity), stream=part.stream)


def parse_fence(fence: event_pb2.Fence) -> Fence:
    """The proof of ownership."""
    return Fence(fence.service, fence.shard, fence.epoch)


def parse_filter(stream: str, wanted: event_service_pb2.Filter) -> Filter:
    """A stream, or a choice among all; the empty prefix is every stream."""
    if stream and (wanted.stream_prefixes or wanted.types):
        raise invalid("filter", "a filter is for all streams: leave stream or filter empty")
    prefixes = () if "" in wanted.stream_prefixes else tuple(sorted(set(wanted.stream_prefixes)))
    return Filter(stream, prefixes, frozenset(wanted.types))


def parse_retention(retention: event_service_pb2.StreamRetention) -> Retention:
    """What is kept."""

    def given(name: str) -> bool:
        return retention.HasField(name)  # type: ignore[arg-type]

    return Retention(
        retention.max_count if given("max_count") else None,
        retention.max_age_seconds if given("max_age_seconds") else None,
        retention.truncate_before if given("truncate_before") else None,
    )


def parse_header(header: event_service_pb2.SnapshotHeader) -> Snapshot:
    """A snapshot's header; the fence must fit the stream where it is fenced."""
    limits.check_stream_name(header.stream, "header.stream")
    fence = parse_fence(header.fence) if header.HasField("fence") else None
    limits.check_fence_fits(Append([StreamPart(header.stream, ())], fence))
    return Snapshot(header.stream, header.revision, header.schema_version, header.size, fence)


def fields_of_appended(outcome: Appended) -> dict[str, Any]:
    """The fields of an AppendResponse: as part of a larger message they cost half of what a message of its own does."""
    return {
        "first_position": outcome.first_position,
        "last_position": outcome.last_position,
        "streams": [
            {"stream": stream, "first_revision": first, "last_revision": last} for stream, first, last in outcome.ranges
        ],
        "duplicate": outcome.duplicate,
    }


def render_appended(outcome: Appended) -> event_service_pb2.AppendResponse:
    """Where it went."""
    return event_service_pb2.AppendResponse(**fields_of_appended(outcome))


def render_stream(info: StreamInfo) -> event_service_pb2.StreamInfo:
    """What is known of a stream."""
    kept = info.retention
    return event_service_pb2.StreamInfo(
        stream=info.stream,
        revision=info.revision,
        oldest_revision=info.oldest_revision,
        last_position=info.last_position,
        retention=event_service_pb2.StreamRetention(
            max_count=kept.max_count,
            max_age_seconds=kept.max_age_seconds,
            truncate_before=kept.truncate_before,
        ),
    )


def render_lease(lease: Lease) -> event_pb2.Lease:
    """A process that lives."""
    message = event_pb2.Lease(
        name=lease.name,
        address=lease.address,
        epoch=lease.epoch,
        ttl_seconds=lease.ttl_seconds,
        metadata=lease.metadata,
    )
    message.acquired_time.FromMicroseconds(lease.acquired_us)
    return message
