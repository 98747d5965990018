"""Any sequence of appends, repeats, truncations and restarts leaves what a plain list would hold."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.event_store.application.ports import Log
from podium.event_store.domain.model import Append, Appended, Retention
from podium.events.v1.event_pb2 import Event
from podium.kernel.errors import Rejection
from tests.contracts.conftest import Bench
from tests.contracts.facts import events, fact, to, whole

STREAMS = ("a/1", "a/2", "b/1")

parts = st.lists(
    st.tuples(st.sampled_from(STREAMS), st.integers(1, 3), st.sampled_from(["any", "exact", "wrong"])),
    min_size=1,
    max_size=2,
    unique_by=lambda part: part[0],
)
steps = st.one_of(
    st.tuples(st.just("append"), st.lists(parts, min_size=1, max_size=4)),
    st.tuples(st.just("repeat"), st.integers(0, 5)),
    st.tuples(st.just("truncate"), st.tuples(st.sampled_from(STREAMS), st.integers(1, 4))),
    st.tuples(st.just("reopen"), st.none()),
)


@dataclass
class Model:
    """The list, and what is known beside it."""

    log: list[tuple[str, int, bytes]] = field(default_factory=list)
    floors: dict[str, int] = field(default_factory=dict)
    done: list[tuple[Append, Appended]] = field(default_factory=list)

    def head(self, stream: str) -> int:
        return sum(1 for name, _, _ in self.log if name == stream)

    def take(self, append: Append) -> bool:
        """Whether the append fits; if so it is in."""
        if any(p.expected_revision not in (None, self.head(p.stream)) for p in append.parts):
            return False
        for part in append.parts:
            for each in part.facts:
                self.log.append((part.stream, self.head(part.stream) + 1, each.event_id))
        return True


def build(model: Model, heads: dict[str, int], chosen: list[tuple[str, int, str]]) -> Append:
    made = []
    for stream, count, mode in chosen:
        head = heads.get(stream, model.head(stream))
        expect = {"any": None, "exact": head, "wrong": head + 1}[mode]
        made.append(to(stream, *(fact() for _ in range(count)), expect=expect))
    return Append(made)


async def append(log: Log, model: Model, batch: list[list[tuple[str, int, str]]]) -> None:
    # Each append of the batch is built on what the list will hold after those before it.
    appends, heads = [], {stream: model.head(stream) for stream in STREAMS}
    for chosen in batch:
        appends.append(build(model, heads, chosen))
        if all(mode != "wrong" for _, _, mode in chosen):
            heads.update({stream: heads[stream] + count for stream, count, _ in chosen})
    for each, outcome in zip(appends, await log.append(appends), strict=True):
        first = len(model.log) + 1
        if model.take(each):
            assert isinstance(outcome, Appended)
            assert (outcome.first_position, outcome.last_position) == (first, len(model.log))
            model.done.append((each, outcome))
        else:
            assert isinstance(outcome, Rejection)
            assert outcome.reason == "REVISION_CONFLICT"


async def truncate(log: Log, model: Model, stream: str, before: int) -> None:
    if not model.head(stream):
        return
    await log.set_retention(stream, Retention(truncate_before=before))
    model.floors[stream] = max(model.floors.get(stream, 1), min(before, model.head(stream) + 1))


async def check(log: Log, model: Model) -> None:
    found: list[Event] = await whole(log)
    assert [(e.stream, e.revision, e.event_id) for e in found] == model.log
    assert [e.position for e in found] == list(range(1, len(model.log) + 1))
    for event in found:
        assert bool(event.data) == (event.revision >= model.floors.get(event.stream, 1))
    for stream in STREAMS:
        kept = range(model.floors.get(stream, 1), model.head(stream) + 1)
        assert [e.revision for e in events(await log.read_stream(stream, 0))] == list(kept)
    assert (await log.verify(0)).damage == ""


async def run(kind: str, script: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench, model = Bench(kind, Path(folder)), Model()
        await bench.log.open()
        try:
            for step, what in script:
                match step, what:
                    case "append", list(batch):
                        await append(bench.log, model, batch)
                    case "repeat", int(number) if number < len(model.done):
                        repeated, outcome = model.done[number]
                        assert list(await bench.log.append([repeated])) == [outcome._replace(duplicate=True)]
                    case "truncate", (stream, before):
                        await truncate(bench.log, model, stream, before)
                    case "reopen", _:
                        await bench.reopen()
            await check(bench.log, model)
        finally:
            await bench.log.close()


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=st.lists(steps, max_size=12))
def test_any_history_is_what_a_list_would_hold(kind: str, script: list[tuple[str, object]]) -> None:
    """Positions, revisions, ids, refusals, repeats and floors agree with the model after every script."""
    asyncio.run(run(kind, script))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=st.lists(steps, max_size=12))
def test_any_history_on_postgres_is_what_a_list_would_hold(script: list[tuple[str, object]]) -> None:
    """The same, in fewer examples: each opens connections anew."""
    asyncio.run(run("postgres", script))
