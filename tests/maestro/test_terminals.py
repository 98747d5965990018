"""Terminals over real servers: what is written is seen, whoever comes, goes and comes back."""

import asyncio

from podium.client import sync
from podium.client.families import UnavailableError
from podium.client.watches import Resuming
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.tasks.v1 import terminal_service_pb2 as t
from tests.maestro.terminals import Offer, Place, attach, together, write


async def test_what_the_process_writes_is_seen(place: Place):
    """Nobody watches: nothing is sent. A viewer comes: it gets what the runner kept, then what comes, then the end."""
    offer = await place.offer(output=bytearray(b"before "))
    assert offer.wishes == ["unwanted"]
    viewer = attach(place.anna)
    await viewer.until(lambda v: v.opened is not None)
    assert viewer.opened is not None and viewer.opened.running and viewer.sizes == [(24, 80)]
    await offer.until(lambda o: o.wanted == 0)
    await offer.send(b"and after")
    await viewer.until(lambda v: v.data == b"before and after")
    await together(offer.exit(3, text="exit status 3"), viewer.until(lambda v: v.exited is not None))
    assert viewer.exited is not None and (viewer.exited.status, viewer.exited.text) == (3, "exit status 3")


async def test_nobody_watches_any_more(place: Place):
    """The last viewer goes: the runner is told to send no more; the next one gets what it lacks."""
    offer = await place.offer()
    first, second = attach(place.anna), attach(place.ben)
    await first.until(lambda v: v.opened is not None)
    await second.until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)
    await offer.send(b"one ")
    await first.until(lambda v: v.data == b"one ")
    await first.close()
    await offer.send(b"two ")
    await second.until(lambda v: v.data == b"one two ")
    await second.close()
    await offer.until(lambda o: o.wanted is None)
    await offer.send(b"three ")
    third = attach(place.anna, after=first.offset)
    await third.until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)
    await offer.send()
    await third.until(lambda v: v.data == b"two three ")


async def test_a_viewer_that_comes_later_sees_what_the_others_saw(place: Place):
    """The second viewer gets the past, also what was there before the first one came; the first one, no repeat."""
    offer = await place.offer(output=bytearray(b"past "))
    first = attach(place.anna, after=5)
    await first.until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted == 5)
    await offer.send(b"now ")
    await first.until(lambda v: v.data == b"now ")
    second = attach(place.ben)
    await second.until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted == 0)
    await offer.send(b"then")
    await together(
        second.until(lambda v: v.data == b"past now then"),
        first.until(lambda v: v.data == b"now then"),
    )


async def test_what_is_shown_again_has_the_sizes_that_it_was_written_in(place: Place):
    """A viewer that comes later is told each size between the outputs before and behind it, as the first one was."""
    steps = [(0, 80), (4, 100), (8, 120)]
    sizes = [t.TerminalResized(rows=24, columns=columns, offset=offset) for offset, columns in steps]
    offer = await place.offer(output=bytearray(b"one two three "), size=(24, 120), sizes=sizes)
    first = attach(place.anna)
    await first.until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted == 0)
    await offer.send()
    await first.until(lambda v: v.offset == 14)
    smaller = t.TerminalResized(rows=24, columns=60, offset=len(offer.output))
    await offer.call.write(t.ServeRequest(resized=smaller))
    await first.until(lambda v: v.sizes[-1] == (24, 60))
    await offer.send(b"four")
    for after, seen in ((0, b"one |two |three |four"), (4, b"two |three |four"), (14, b"four")):
        items = aiter(place.ben.terminals.Attach(t.AttachRequest(project_id="p", session_id="s", after_offset=after)))
        shown = bytearray()
        opened = (await anext(items)).opened
        assert opened.columns == next(columns for offset, columns in reversed([*steps, (14, 60)]) if offset <= after)
        while len(shown.replace(b"|", b"")) < 18 - after:
            item = await anext(items)
            shown += b"|" if item.HasField("resized") else item.output.data
        assert shown == seen
        await items.aclose()


async def test_what_is_no_longer_kept_is_a_marked_gap(place: Place):
    """A viewer from the beginning of a long output is cut forward; how far is said."""
    offer = await place.offer(output=bytearray(b"x" * 1_000_000))
    viewer = attach(place.anna)
    await viewer.until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)
    await together(offer.send(b"!"), viewer.until(lambda v: v.offset == 1_000_001))
    assert viewer.gap == 1_000_001 - (256 << 10)
    assert viewer.gap + len(viewer.data) == 1_000_001


async def test_a_slow_viewer_is_cut_forward(place: Place):
    """One viewer reads nothing while 20 MB pass; the other sees all of it, and both end equal, but for a marked gap."""
    offer = await place.offer()
    quick, slow = attach(place.anna), attach(place.ben)
    await quick.until(lambda v: v.opened is not None)
    await slow.until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)

    async def flood() -> None:
        for i in range(320):
            await offer.send(bytes([i % 251]) * (64 << 10))

    total = 320 * (64 << 10)
    await together(flood(), quick.until(lambda v: v.offset == total))
    assert quick.gap == 0 and quick.data == offer.output
    await slow.until(lambda v: v.offset == total)
    assert slow.gap > 0 and slow.gap + len(slow.data) == total
    assert slow.data[-1000:] == offer.output[-1000:]


async def test_many_small_writes_stay_small(place: Place):
    """Thousands of single bytes reach a viewer that comes for them, whole and in order."""
    offer = await place.offer()
    viewer, late = attach(place.anna), attach(place.ben)
    await viewer.until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)

    async def drip() -> None:
        for i in range(4_000):
            await offer.send(bytes([i % 256]))

    await together(drip(), viewer.until(lambda v: v.offset == 4_000))
    await late.until(lambda v: v.offset == 4_000)
    assert late.data == offer.output and late.gap == 0


# -- losses ------------------------------------------------------------------------------------------------------------


async def test_a_runner_that_reconnects(place: Place):
    """Viewers stay; output goes on without loss or repeat, and input typed meanwhile arrives."""
    offer = await place.offer()
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    assert viewer.opened
    await offer.until(lambda o: o.wanted is not None)
    await offer.send(b"one ")
    await viewer.until(lambda v: v.data == b"one ")
    offer.cut()
    await write(place.anna, viewer.opened.input_token, 1, b"typed meanwhile")
    again = await offer.again(b"two ")
    await again.until(lambda o: o.wanted == 4 and o.typed == b"typed meanwhile")
    await again.send(b"three")
    await viewer.until(lambda v: v.data == b"one two three")


async def test_a_new_stream_takes_the_place_of_the_old(place: Place):
    """Opened again while the old stream still seems to live: the old one ends, and what it still sends is not shown."""
    offer = await place.offer()
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)
    await offer.send(b"one ")
    await viewer.until(lambda v: v.data == b"one ")
    again = await offer.again(b"two ")
    while await offer.hear() != "end":
        pass
    await again.until(lambda o: o.wanted is not None)
    await again.send(b"three")
    await viewer.until(lambda v: v.data == b"one two three")


async def test_a_terminal_that_begins_anew(place: Place):
    """A runner whose count is lower began anew: viewers see the new output from its beginning."""
    offer = await place.offer()
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)
    await offer.send(b"a long life")
    await viewer.until(lambda v: v.data == b"a long life")
    offer.cut()
    again = await Offer(place.runner, "p", "s").open()
    await again.until(lambda o: o.wanted == 0)
    viewer.offset = 0
    await again.send(b"anew")
    await viewer.until(lambda v: v.data.endswith(b"anew"))


async def offered_again(place: Place, offer: Offer) -> Offer:
    """As a runner does it: until the connection, which may still wait before it tries again, is there."""
    while True:
        try:
            return await offer.again()
        except UnavailableError:
            await asyncio.sleep(0.05)


async def test_maestro_restarts(place: Place):
    """The client attaches again by itself, the runner serves again, nothing is lost or repeated."""
    offer = await place.offer()
    seen = bytearray()
    terminal = place.anna.attach("p", "s", how=Resuming(sleep=lambda _: asyncio.sleep(0.05)))
    opened = 0

    async def view() -> None:
        nonlocal opened
        async for item in terminal:
            match item.WhichOneof("item"):
                case "opened":
                    opened += 1
                case "output":
                    assert item.output.offset == len(seen) and not item.output.gap_bytes
                    seen.extend(item.output.data)
                    if seen.endswith(b"end"):
                        return

    async def run() -> None:
        await offer.until(lambda o: o.wanted is not None)
        await offer.send(b"before ")
        await terminal.write(b"hello")
        await offer.until(lambda o: o.typed == b"hello")
        await place.servers.stop_maestro()
        await place.servers.start_maestro()
        again = await offered_again(place, offer)
        await again.until(lambda o: o.wanted is not None)
        await terminal.write(b"still there")
        await again.until(lambda o: o.typed == b"still there")
        await again.send(b"the end")

    await together(view(), run())
    assert seen == b"before the end" and opened >= 2


async def test_without_await(place: Place):
    """The client for scripts shows and types the same, on a thread of its own."""
    offer = await place.offer()
    settings = place.servers.settings("maestro")
    token = issue_token(settings.key_file.read_bytes().strip(), Identity(CallerKind.PERSON, "anna"))

    def script() -> bytes:
        shown = b""
        with sync.Podium.connect(installation=settings.installation, token=token) as podium:
            terminal = podium.attach("p", "s", take_input=True)
            for item in terminal:
                if item.WhichOneof("item") == "opened":
                    terminal.resize(30, 90)
                    terminal.write(b"ls\n")
                shown += item.output.data
            assert terminal.inner.exited is not None and terminal.inner.rows == 30
        return shown

    running = asyncio.ensure_future(asyncio.to_thread(script))
    await offer.until(lambda o: o.typed == b"ls\n" and o.size == (30, 90) and o.wanted is not None)
    await offer.send(b"till.py")
    await offer.exit(0)
    assert await running == b"till.py"
