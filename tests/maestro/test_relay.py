"""The relay's edges, with limits that are quickly reached: rings, gaps, heartbeats, moves, floods."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace

import pytest

from podium.chassis.clock import SystemClock
from podium.kernel.errors import Rejection, not_found, unavailable
from podium.maestro.application.terminals.items import (
    Exit,
    Input,
    Opened,
    Output,
    Size,
    TerminalLimits,
    ViewerItem,
    Wanted,
)
from podium.maestro.application.terminals.ports import SessionFacts
from podium.maestro.application.terminals.relay import Relay
from podium.maestro.application.terminals.sides import Source, Watching
from podium.maestro.application.terminals.terminals import Terminals
from podium.maestro.application.terminals.typed import Received

KEY = ("p", "s")
LIMITS = TerminalLimits(
    heartbeat_seconds=0.05,
    look_seconds=0.01,
    transcript_after_seconds=0.02,
    away_after_seconds=0.1,
    exit_kept_seconds=0.0,
    input_kept_seconds=0.0,
    lag_seconds=0.02,
)


class Known:
    """`Sessions` and `Transcripts` of one session."""

    def __init__(self) -> None:
        self.facts = SessionFacts(runner_id="r1", spawned=True)
        self.refusal: Rejection | None = None
        self.kept: list[Output] = []
        self.read_count = 0

    async def find(self, project_id: str, session_id: str) -> SessionFacts:
        if self.refusal is not None:
            raise self.refusal
        return self.facts

    def open(self, session_id: str) -> "Known":
        return self

    async def more(self) -> AsyncIterator[Output]:
        self.read_count += 1
        while self.kept:
            await asyncio.sleep(0)
            yield self.kept.pop(0)


class Skipping(SystemClock):
    """The system's, and what was skipped."""

    skipped = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
def terminals(known: Known) -> Terminals:
    return Terminals(known, known, SystemClock(), LIMITS)


async def serve(terminals: Terminals, offset: int = 0) -> tuple[Relay, Source]:
    return await terminals.serve(KEY, "r1", Size(24, 80), offset, True, Received())


async def watch(terminals: Terminals, done: Callable[[ViewerItem], bool], after: int = 0) -> list[ViewerItem]:
    """What a viewer is shown until this holds."""
    seen: list[ViewerItem] = []
    items = await terminals.attach(KEY, after, take_input=False, read_only=True, input_token="")
    async with asyncio.timeout(10), aclosing(items) as shown:  # type: ignore[type-var]
        async for item in shown:
            seen.append(item)
            if done(item):
                break
    return seen


def outputs(items: list[ViewerItem]) -> list[Output]:
    return [item for item in items if isinstance(item, Output) and item.data]


# -- the relay ---------------------------------------------------------------------------------------------------


def stream(relay: Relay, source: Source, *chunks: Output) -> None:
    for chunk in chunks:
        relay.take(source, chunk)


async def test_a_runner_that_counts_wrongly(terminals: Terminals):
    """Output that comes again is shown once, and what is left out without a word is a gap all the same."""
    relay, source = await serve(terminals)

    async def run() -> None:
        while not relay.viewers:
            await asyncio.sleep(0)
        stream(relay, source, Output(0, b"abcd"), Output(2, b"cdef"), Output(0, b"ab"), Output(10, b"xy"))

    running = asyncio.ensure_future(run())
    items = await watch(terminals, lambda item: isinstance(item, Output) and item.end == 12)
    await running
    assert [(o.offset, o.data, o.gap_bytes) for o in outputs(items)] == [
        (0, b"abcd", 0),
        (4, b"ef", 0),
        (10, b"xy", 4),
    ]


async def test_output_of_a_stream_that_was_replaced_is_not_shown(terminals: Terminals):
    """What the old stream still sends after the new one opened is dropped."""
    relay, old = await serve(terminals)

    async def run() -> None:
        while not relay.viewers:
            await asyncio.sleep(0)
        stream(relay, old, Output(0, b"one "))
        _, new = await serve(terminals, offset=4)
        stream(relay, old, Output(4, b"late"))
        stream(relay, new, Output(4, b"two"))

    running = asyncio.ensure_future(run())
    items = await watch(terminals, lambda item: isinstance(item, Output) and item.end == 7)
    await running
    assert b"".join(o.data for o in outputs(items)) == b"one two"
    assert old.closed


async def test_strays_after_asking_anew(terminals: Terminals):
    """A viewer from the beginning: output is asked for anew, and what was still on its way is not taken for it."""
    relay, source = await serve(terminals, offset=10)
    first = asyncio.ensure_future(watch(terminals, lambda i: isinstance(i, Output) and i.end == 16, after=10))
    while not relay.viewers:
        await asyncio.sleep(0)
    stream(relay, source, Output(10, b"ab"))
    second = asyncio.ensure_future(watch(terminals, lambda i: isinstance(i, Output) and i.end == 16))
    while len(relay.viewers) < 2:
        await asyncio.sleep(0)
    assert source.wish == Wanted(0)
    stream(relay, source, Output(12, b"stray"), Output(0, b"0123456789ab"), Output(12, b"cdef"))
    assert b"".join(o.data for o in outputs(await first)) == b"abcdef"
    assert b"".join(o.data for o in outputs(await second)) == b"0123456789abcdef"


async def test_the_quickest_viewer_sets_the_pace(terminals: Terminals):
    """While all lag, the runner's stream is held up, for a bounded time; one that catches up lets it go on."""
    relay, source = await serve(terminals)
    quick, stuck = Watching(0), Watching(0)
    relay.watch(quick)
    relay.watch(stuck)
    size = LIMITS.ring_bytes // 2 + 1
    stream(relay, source, Output(0, bytes(size)))
    waiting = asyncio.ensure_future(relay.caught_up())
    await asyncio.sleep(0)
    assert not waiting.done()
    while relay.next_output(quick) is not None:
        pass
    async with asyncio.timeout(5):
        await waiting
    relay.unwatch(quick)
    await relay.caught_up()  # ends by itself
    relay.unwatch(stuck)
    await relay.caught_up()


async def test_heartbeats(terminals: Terminals):
    """Where nothing happens, empty output says now and then that the relay is there."""
    await serve(terminals, offset=7)
    items = await watch(terminals, lambda item: isinstance(item, Output), after=7)
    assert isinstance(items[0], Opened) and items[0].offset == 7
    assert isinstance(items[-1], Output) and (items[-1].offset, items[-1].data) == (7, b"")


async def test_nobody_serves(terminals: Terminals, known: Known):
    """A session that lives without a runner: its transcript, and after a while the word to come again."""
    known.kept = [Output(0, b"so far")]
    items = await watch(terminals, lambda item: isinstance(item, Exit))
    assert isinstance(items[0], Opened) and not items[0].running
    assert [output.data for output in outputs(items)] == [b"so far"]
    assert isinstance(items[-1], Exit) and items[-1].away


async def test_a_transcript_that_grows_is_followed(known: Known):
    """What nobody serves, such as an agent without a terminal, is shown as its transcript grows, however long."""
    clock = Skipping()
    terminals = Terminals(known, known, clock, replace(LIMITS, away_after_seconds=60))
    known.kept = [Output(0, b"0 ")]

    async def grow() -> None:
        for number in range(1, 10):
            while known.kept:
                await asyncio.sleep(0.01)
            clock.skipped += 40
            known.kept.append(Output(2 * number, f"{number} ".encode()))

    growing = asyncio.ensure_future(grow())
    items = await watch(terminals, lambda item: isinstance(item, Exit) or _ends(item, 20))
    await growing
    assert b"".join(o.data for o in outputs(items)) == b"0 1 2 3 4 5 6 7 8 9 "
    assert not any(isinstance(item, Exit) for item in items)


def _ends(item: ViewerItem, offset: int) -> bool:
    return isinstance(item, Output) and item.end == offset


async def test_served_while_the_transcript_is_shown(terminals: Terminals, known: Known):
    """The runner comes back: after the transcript the viewer goes on live, where that ended."""
    known.kept = [Output(0, b"so far, ")]

    async def run() -> None:
        while not known.read_count:
            await asyncio.sleep(0)
        relay, source = await serve(terminals, offset=8)
        stream(relay, source, Output(0, b"so far, "), Output(8, b"so good"))

    running = asyncio.ensure_future(run())
    items = await watch(terminals, lambda item: isinstance(item, Output) and item.end == 15)
    await running
    assert b"".join(o.data for o in outputs(items)) == b"so far, so good"


async def test_the_project_moves(terminals: Terminals, known: Known):
    """Viewers are sent to the new owner; a moment in which the project cannot be read sends nobody away."""
    await serve(terminals)

    async def run() -> None:
        await asyncio.sleep(0.03)
        known.refusal = unavailable("NOT_READY", "loading")
        await asyncio.sleep(0.05)
        known.refusal = unavailable("NOT_OWNER", "moved")

    running = asyncio.ensure_future(run())
    with pytest.raises(Rejection) as caught:
        await watch(terminals, lambda _: False)
    assert caught.value.reason == "NOT_OWNER"
    await running
    with pytest.raises(Rejection):
        await terminals.still_owned(KEY)
    known.refusal = not_found("SESSION_NOT_FOUND", "gone")
    await terminals.still_owned(KEY)


async def test_what_nobody_needs_is_forgotten(terminals: Terminals, known: Known):
    """A relay without runner and viewers goes when another one is made."""
    relay, source = await serve(terminals)
    relay.leave(source)
    await asyncio.sleep(0.01)
    await terminals.serve(("p", "other"), "r1", Size(24, 80), 0, True, Received())
    again, _ = await serve(terminals)
    assert again is not relay


async def test_a_viewer_that_returns_before_the_runner(known: Known):
    """After a restart of this process an agent's viewer has the input again, before its runner is there again."""
    terminals = Terminals(known, known, SystemClock(), replace(LIMITS, away_after_seconds=60))
    known.facts = SessionFacts(runner_id="r1")
    items = await terminals.attach(KEY, 5, take_input=False, read_only=False, input_token="from before")
    async with aclosing(items) as shown:  # type: ignore[type-var]
        opened = await anext(aiter(shown))
        assert isinstance(opened, Opened) and opened.input_token
        assert await terminals.write(KEY, opened.input_token, 1, b"x") == 1
        relay, source = await serve(terminals, offset=5)
        orders = [relay.next_order(source) for _ in range(2)]
        assert orders == [Wanted(5), Input(b"x")]


async def test_typing_where_nobody_listens(known: Known):
    """What waits for its runner takes input for a while; an agent that never had a terminal takes none."""
    clock = Skipping()
    terminals = Terminals(known, known, clock, replace(LIMITS, away_after_seconds=60))
    for spawned, taken in ((True, True), (False, False)):
        known.facts = SessionFacts(spawned=spawned)
        key = ("p", str(spawned))
        items = await terminals.attach(key, 0, take_input=True, read_only=False, input_token="")
        async with aclosing(items) as shown:  # type: ignore[type-var]
            opened = await anext(aiter(shown))
            assert isinstance(opened, Opened) and bool(opened.input_token) == taken
            if taken:
                assert await terminals.write(key, opened.input_token, 1, b"x") == 1
                clock.skipped += 60
            with pytest.raises(Rejection) as caught:
                await terminals.write(key, opened.input_token, 2, b"x")
            assert caught.value.reason == "TERMINAL_NOT_SERVED"
