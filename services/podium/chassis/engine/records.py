"""Events to stored records and back, with the metadata that the engine keeps beside them."""

import os
from collections.abc import Iterable, Iterator
from typing import TypeVar

from podium.chassis.engine.model import Batch, Folded
from podium.chassis.engine.ports import AnyRecord, EntityCodec, NewRecord, StoredRecord, StreamBatch
from podium.chassis.engine.step import Step
from podium.kernel.entity import Context, Domain, Outbound, Recorded
from podium.kernel.errors import invalid
from podium.kernel.ids import uuid7
from podium.kernel.instants import from_microseconds, to_microseconds

S = TypeVar("S")

RECORD_BYTES = 1 << 20
"""The store's bound on one payload."""
BATCH_RECORDS = 10_000
"""The store's bound on one append."""
BATCH_BYTES = 4 << 20
"""The store's bound on the payloads of one append."""


def encode_step(
    domain: Domain[S],
    codec: EntityCodec,
    entity_id: str,
    step: Step[S],
    context: Context,
    request_hash: str,
    traceparent: str,
) -> tuple[tuple[tuple[str, NewRecord], ...], int]:
    """((stream, record), …) in order, and their bytes in all; refuses what the store would refuse."""
    own_stream = f"{domain.category}/{entity_id}"
    common = dict(domain.metadata(step.after.state))
    common["time"] = str(to_microseconds(context.now))
    common["correlation_id"] = entity_id
    if context.request_id:
        common["request_id"] = context.request_id
        if request_hash:
            common["request_hash"] = request_hash
    if traceparent:
        common["traceparent"] = traceparent
    rows: list[tuple[str, NewRecord]] = []
    size = 0
    milliseconds = to_microseconds(context.now) // 1000
    for item, actor, causation in step.items:
        stream, event = (item.stream, item.event) if isinstance(item, Outbound) else (own_stream, item.event)
        type_name, data = codec.encode_event(event)
        if len(data) > RECORD_BYTES:
            raise invalid(
                "request", f"leads to an event of {len(data)} bytes; at most {RECORD_BYTES}", "CONTENT_TOO_LONG"
            )
        size += len(data)
        metadata = {**common, "actor": actor, "causation": causation}
        rows.append((stream, NewRecord(uuid7(milliseconds, os.urandom(10)), type_name, data, metadata)))
    if len(rows) > BATCH_RECORDS or size > BATCH_BYTES:
        raise invalid(
            "request", f"leads to {len(rows)} events of {size} bytes; ask for less at once", "TOO_MANY_ENTRIES"
        )
    return tuple(rows), size


def merge_streams(own_stream: str, batches: list[Batch[S]], committed: Folded[S]) -> list[StreamBatch]:
    """One append of many batches: rows by stream, order kept within each; the own stream at its exact revision."""
    by_stream: dict[str, list[NewRecord]] = {}
    for batch in batches:
        for stream, record in batch.records:
            by_stream.setdefault(stream, []).append(record)
    return [
        StreamBatch(stream, records, committed.revision if stream == own_stream else None)
        for stream, records in by_stream.items()
    ]


def decode_records(codec: EntityCodec, records: Iterable[StoredRecord]) -> Iterator[tuple[Recorded, str]]:
    """(recorded, request hash) of stored records; raises LookupError or ValueError for what it cannot read."""
    for record in records:
        yield decode_record(codec, record), record.metadata.get("request_hash", "")


def decode_record(codec: EntityCodec, record: AnyRecord) -> Recorded:
    """One of them."""
    meta = record.metadata
    return Recorded(
        codec.decode_event(record.type, record.data),
        record.revision,
        from_microseconds(int(meta["time"])),
        meta.get("actor", ""),
        meta.get("request_id", ""),
    )
