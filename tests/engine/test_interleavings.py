"""Any interleaving of commands, append failures and restarts gives the state that the stream folds to."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from podium.chassis.engine import Change, Engine
from podium.chassis.engine.ports import StoredRecord
from podium.chassis.engine.records import decode_records
from podium.kernel.errors import Rejection
from tests.engine.counting import Account, Counting, JsonCodec
from tests.engine.harness import add, engine_over
from tests.fakes.log import MemoryLog

OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 1), st.integers(1, 9)),
        st.tuples(st.just("repeat"), st.integers(0, 30), st.just(0)),
        st.tuples(st.just("fault"), st.sampled_from(["lost", "stored", "late", "refused"]), st.just(0)),
        st.tuples(st.sampled_from(["stall", "flow", "land", "yield", "restart"]), st.just(0), st.just(0)),
    ),
    max_size=40,
)


@dataclass
class Run:
    """Carries out operations and keeps what clients were told."""

    log: MemoryLog = field(default_factory=MemoryLog)
    requests: list[tuple[str, int, str]] = field(default_factory=list)
    acknowledged: dict[str, tuple[str, int]] = field(default_factory=dict)
    calls: list[asyncio.Task[None]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    async def call(self, engine: Engine[Account], entity: str, amount: int, request_id: str) -> None:
        try:
            outcome = await add(engine, entity, amount, request_id)
        except Rejection as error:
            if error.reason not in {"OUTCOME_UNKNOWN", "STORAGE_FULL", "NOT_READY"}:
                self.problems.append(str(error))
            return
        if len(self.log.streams.get(f"accounts/{entity}", ())) < outcome.revision:
            self.problems.append(f"{request_id} answered before it was stored")
        known = self.acknowledged.setdefault(request_id, (entity, outcome.revision))
        if known != (entity, outcome.revision):
            self.problems.append(f"{request_id} answered with two revisions")

    async def watch(self, engine: Engine[Account], entity: str, seen: list[int]) -> None:
        """Every revision is covered once, and nothing is shown that the log does not have."""
        try:
            async for item in engine.watch(entity, after_revision=seen[-1]):
                if isinstance(item, Change):
                    if item.from_revision != seen[-1]:
                        self.problems.append(f"gap: {seen[-1]} then {item.from_revision}")
                    seen.append(item.to_revision)
                if seen[-1] > len(self.log.streams.get(f"accounts/{entity}", ())):
                    self.problems.append(f"revision {seen[-1]} shown before it was stored")
        except Rejection:
            return

    async def operate(self, engine: Engine[Account], operation: tuple[str, object, int]) -> None:
        match operation:
            case ("add", entity, amount):
                request_id = f"r{len(self.requests)}"
                self.requests.append((f"e{entity}", amount, request_id))
                self._start(engine, *self.requests[-1])
            case ("repeat", index, _) if self.requests:
                self._start(engine, *self.requests[int(str(index)) % len(self.requests)])
            case ("fault", fault, _):
                self.log.faults.append(str(fault))
            case ("stall", _, _):
                self.log.stall()
            case ("flow", _, _):
                self.log.flow()
            case ("land", _, _):
                self.log.land_late()
            case _:
                await asyncio.sleep(0)

    def _start(self, engine: Engine[Account], entity: str, amount: int, request_id: str) -> None:
        self.calls.append(asyncio.ensure_future(self.call(engine, entity, amount, request_id)))

    async def life(self, operations: list[tuple[str, object, int]], seen: dict[str, list[int]], last: bool) -> None:
        """One life of the process: until a restart or the end."""
        async with engine_over(self.log) as engine:
            watches = [asyncio.ensure_future(self.watch(engine, e, seen[e])) for e in seen]
            for operation in operations:
                await self.operate(engine, operation)
            if last:
                await self._converge(engine, seen)
            else:
                self.log.flow()
            for watch in watches:
                watch.cancel()
            await asyncio.gather(*watches, *self.calls, return_exceptions=True)

    async def _converge(self, engine: Engine[Account], seen: dict[str, list[int]]) -> None:
        self.log.faults.clear()
        self.log.flow()
        await asyncio.gather(*self.calls)
        for entity, amount, request_id in self.requests:
            while request_id not in self.acknowledged:
                await self.call(engine, entity, amount, request_id)
        for entity, revisions in seen.items():
            view = await engine.view(entity)
            while revisions[-1] < view.revision:
                await asyncio.sleep(0)
            assert view.state == fold(self.log.streams.get(f"accounts/{entity}", []))


def fold(records: list[StoredRecord]) -> Account:
    state = Account()
    for recorded, _ in decode_records(JsonCodec(), records):
        state = Counting().evolve(state, recorded)
    return state


@given(OPERATIONS)
@settings(max_examples=150, deadline=None)
def test_any_interleaving_converges_to_the_stream(operations: list[tuple[str, object, int]]) -> None:
    """Acknowledged exactly once, in the stream; watchers see each revision once; state equals the fold."""

    async def scenario() -> Run:
        run, seen = Run(), {"e0": [0], "e1": [0]}
        lives: list[list[tuple[str, object, int]]] = [[]]
        for operation in operations:
            if operation[0] == "restart":
                lives.append([])
            else:
                lives[-1].append(operation)
        for number, life in enumerate(lives, 1):
            await run.life(life, seen, last=number == len(lives))
        return run

    run = asyncio.run(scenario())
    assert run.problems == []
    lines = [line for entity in ("e0", "e1") for line in fold(run.log.streams.get(f"accounts/{entity}", [])).log]
    assert sorted(lines) == sorted(f"user:anna {rid} +{amount}" for _, amount, rid in run.requests)
