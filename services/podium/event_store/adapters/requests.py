"""Requests to the log's words, checked; and back."""

from podium.event_store.domain import limits
from podium.event_store.domain.model import (
    Append,
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
    limits.check_fence_fits(Append([StreamPart(header.stream, (), (), ())], fence))
    return Snapshot(header.stream, header.revision, header.schema_version, header.size, fence)


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
