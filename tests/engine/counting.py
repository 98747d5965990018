"""A small domain for the engine's tests: an account that adds, refuses, reminds itself and sends notes elsewhere."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from podium.kernel.entity import Context, Key, Outbound, Recorded
from podium.kernel.errors import precondition


@dataclass(frozen=True)
class Add:
    amount: int
    limit: int = 1_000_000


@dataclass(frozen=True)
class Remind:
    seconds: int


@dataclass(frozen=True)
class Nothing:
    pass


@dataclass(frozen=True)
class Added:
    amount: int


@dataclass(frozen=True)
class ReminderSet:
    due: str


@dataclass(frozen=True)
class Reminded:
    pass


@dataclass(frozen=True)
class TensCounted:
    tens: int


@dataclass(frozen=True)
class Note:
    text: str


@dataclass(frozen=True)
class Account:
    total: int = 0
    tens: int = 0
    due: str = ""
    reminders: int = 0
    log: tuple[str, ...] = field(default=())


EVENTS = {cls.__name__: cls for cls in (Added, ReminderSet, Reminded, TensCounted, Note)}


class Counting:
    """Adds up to a limit; the scheduler counts full tens and fires reminders; each ten sends a note."""

    service = "counting"
    category = "accounts"
    schema_version = 1

    def initial(self, entity_id: str) -> Account:
        return Account()

    def decide(self, state: Account, command: object, context: Context) -> Sequence[object]:
        match command:
            case Add(amount, limit):
                if state.total + amount > limit:
                    raise precondition("GUARD_NOT_MET", "over the limit")
                return [Added(amount)]
            case Remind(seconds):
                return [ReminderSet((context.now + timedelta(seconds=seconds)).isoformat())]
            case _:
                return []

    def schedule(self, state: Account, context: Context) -> Sequence[object]:
        if state.total // 10 > state.tens:
            return [TensCounted(state.tens + 1), Outbound("notes/all", Note(f"ten {state.tens + 1}"))]
        if state.due and context.now >= datetime.fromisoformat(state.due):
            return [Reminded()]
        return []

    def evolve(self, state: Account, recorded: Recorded) -> Account:
        match recorded.event:
            case Added(amount):
                line = f"{recorded.actor} {recorded.request_id} +{amount}"
                return replace(state, total=state.total + amount, log=(*state.log, line))
            case ReminderSet(due):
                return replace(state, due=due)
            case Reminded():
                return replace(state, due="", reminders=state.reminders + 1)
            case TensCounted(tens):
                return replace(state, tens=tens)
        raise AssertionError(recorded)

    def due(self, state: Account) -> datetime | None:
        return datetime.fromisoformat(state.due) if state.due else None

    def heeds(self, state: Account, event: object) -> bool:
        """Sums below the next ten are of no interest to the scheduler."""
        return not isinstance(event, Added) or state.total // 10 > state.tens

    def touched(self, state: Account, recorded: Recorded) -> frozenset[Key]:
        return frozenset({(type(recorded.event).__name__, str(recorded.revision))})

    def metadata(self, state: Account) -> Mapping[str, str]:
        return {"total": str(state.total)}


class JsonCodec:
    def encode_event(self, event: object) -> tuple[str, bytes]:
        return type(event).__name__, json.dumps(asdict(event)).encode()  # type: ignore[call-overload]

    def decode_event(self, type_name: str, data: bytes) -> object:
        return EVENTS[type_name](**json.loads(data))

    def encode_state(self, state: Account) -> bytes:
        return json.dumps(asdict(state)).encode()

    def decode_state(self, data: bytes) -> Account:
        fields = json.loads(data)
        return Account(**{**fields, "log": tuple(fields["log"])})


class SoleOwner:
    """Owns every shard without a fence."""

    def fence(self, entity_id: str) -> None:
        return None

    def owned(self) -> range:
        return range(256)

    def fenced_off(self, fence: object) -> None:
        raise AssertionError("nobody else writes here")
