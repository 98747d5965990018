"""A project's stream that was recorded once stays foldable for ever, to the same state."""

import base64
import json
from datetime import datetime
from pathlib import Path

from podium.kernel.entity import Recorded
from podium.maestro.adapters.codec import BoardCodec, make_codec
from podium.maestro.domain.domain import ProjectDomain
from podium.maestro.domain.facts import ChangeMember, ChangeRecorded
from tests.maestro.board import check

HISTORIES = Path(__file__).parent.parent / "histories"


def test_recorded_histories():
    """Each stored change is read, and folding them gives the state that was recorded with them."""
    seen = _fold("project.jsonl") | _fold("sessions.jsonl")
    never = {"project_deleted"}
    assert len(seen) == len(ChangeMember.__dataclass_fields__) - len(never), "the histories have every kind of fact"


def _fold(name: str) -> set[str]:
    """Fold a history and compare; the kinds of fact in it."""
    codec, domain = BoardCodec(make_codec()), ProjectDomain()
    *events, last = (json.loads(line) for line in (HISTORIES / name).read_text().splitlines())
    board, seen = domain.initial("p"), set[str]()
    for event in events:
        change = codec.decode_event(event["type"], base64.b64decode(event["data"]))
        assert isinstance(change, ChangeRecorded)
        seen.update(type(fact).__name__ for fact in change.facts)
        time = datetime.fromisoformat(event["time"])
        board = domain.evolve(board, Recorded(change, event["revision"], time, event["actor"], event["request_id"]))
    assert codec.encode_state(board) == base64.b64decode(last["state"])
    check(board)
    return seen
