"""Snapshots of entities: the engine's header (revision, position, requests) and the domain's state."""

import json
from typing import TypeVar

from podium.chassis.engine.model import Folded, RequestTable
from podium.chassis.engine.ports import EntityCodec

S = TypeVar("S")

_FORMAT = 1


def encode_snapshot(codec: EntityCodec, folded: Folded[S], position: int) -> bytes:
    """4 bytes header length, a JSON header, the state."""
    header = json.dumps(
        {
            "format": _FORMAT,
            "revision": folded.revision,
            "position": position,
            "requests": folded.requests.rows(),
        },
        separators=(",", ":"),
    ).encode()
    return len(header).to_bytes(4, "big") + header + codec.encode_state(folded.state)


def decode_snapshot(codec: EntityCodec, data: bytes, *, requests: bool = True) -> tuple[Folded[S], int]:
    """(folded, position), without the table of requests where that is not asked for.

    Raises ValueError for a format it does not know.
    """
    length = int.from_bytes(data[:4], "big")
    header = json.loads(data[4 : 4 + length])
    if header.get("format") != _FORMAT:
        raise ValueError(f"snapshot format {header.get('format')} is not known")
    table = RequestTable.of(header["requests"] if requests else ())
    state: S = codec.decode_state(data[4 + length :])
    return Folded(state, int(header["revision"]), table), int(header["position"])
