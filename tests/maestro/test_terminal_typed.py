"""What was typed, over losses of the runner's stream: it arrives once, and in no other process."""

from podium.maestro.application.terminals.typed import Received, Typed
from podium.tasks.v1 import terminal_service_pb2 as t
from tests.maestro.terminals import Offer, Place, Seen, attach, write


async def typist(place: Place) -> tuple[Seen, str]:
    """A viewer, and the token that it types with."""
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    assert viewer.opened is not None
    return viewer, viewer.opened.input_token


async def test_what_a_lost_stream_was_sent_is_sent_again(place: Place):
    """Input that the runner had on its wire when that broke comes by the next one; what it had taken does not."""
    offer = await place.offer()
    _, token = await typist(place)
    await write(place.anna, token, 1, b"ls")
    await offer.until(lambda o: o.typed == b"ls")
    await write(place.anna, token, 2, b" -l")
    offer.cut()  # with what it was sent and has not read
    await write(place.anna, token, 3, b"\n")
    again = await offer.again()
    await again.until(lambda o: o.typed == b" -l\n")
    assert again.received == len(b"ls -l\n")


async def test_a_new_stream_before_the_old_one_is_missed(place: Place):
    """The same where the old stream still seems to live: what it was sent, and never read, comes by the new one."""
    offer = await place.offer()
    _, token = await typist(place)
    await offer.until(lambda o: o.wanted is not None)
    await write(place.anna, token, 1, b"one ")
    again = await offer.again()
    await write(place.anna, token, 2, b"two")
    await again.until(lambda o: o.typed == b"one two")


async def test_half_a_command_is_not_typed_into_another_process(place: Place):
    """A terminal that begins anew gets what is typed from then on, and nothing of what the one before was sent."""
    offer = await place.offer()
    _, token = await typist(place)
    await write(place.anna, token, 1, b"rm -r ")
    await offer.until(lambda o: o.typed == b"rm -r ")
    offer.cut()
    await write(place.anna, token, 2, b"*\n")
    anew = await Offer(place.runner, "p", "s").open()
    await write(place.anna, token, 3, b"ls\n")
    await anew.until(lambda o: bool(o.typed))
    assert anew.typed == b"ls\n"


async def test_a_size_that_was_asked_for_is_not_forgotten(place: Place):
    """The stream is lost with the wish for another size: the next one hears of it."""
    offer = await place.offer()
    viewer, token = await typist(place)
    size = t.ResizeRequest(project_id="p", session_id="s", input_token=token, rows=50, columns=132)
    await place.anna.terminals.Resize(size)
    offer.cut()
    again = await offer.again()
    await again.until(lambda o: o.size == (50, 132))
    await viewer.until(lambda v: v.sizes[-1] == (50, 132))
    once_more = await again.again()
    await write(place.anna, token, 1, b"x")
    await once_more.until(lambda o: o.typed == b"x")
    assert "resize" not in once_more.wishes


# -- the count -------------------------------------------------------------------------------------------------------


def test_a_runner_that_does_not_count():
    """It is sent everything once, as is a stream of its own after that: what it was sent counts as taken."""
    typed, silent = Typed(100), Received(counts=False)
    typed.add(b"abc")
    assert typed.begin(silent, "we") == 0
    typed.took(3)
    typed.add(b"def")
    assert typed.begin(silent, "we") == 3
    typed.add(b"g")
    assert typed.begin(Received(0, 0, "own"), "we") == 0 and typed.after(0) is None, "another runner: another process"
    typed.add(b"h")
    assert typed.begin(silent, "we") == 0 and typed.after(0) is None


def test_others_typed_meanwhile():
    """After the project was elsewhere for a while, what was left here is not sent behind what was typed there."""
    typed = Typed(100)
    assert typed.begin(Received(0, 0, "own"), "we") == 0
    typed.add(b"hello")
    assert typed.begin(Received(3, 0, "they"), "we") == 3
    assert typed.after(3) is None and typed.waiting == 0
    assert typed.begin(Received(3, 0, "they"), "we") == 3, "and it has not heard of us yet"
    typed.add(b"new")
    item = typed.after(typed.begin(Received(3, 0, "they"), "we"))
    assert item is not None and (item.data, item.offset) == (b"new", 3)
    assert typed.begin(Received(99, 0, "we"), "we") == 99, "one that counts wrongly begins anew"
    assert typed.after(99) is None


def test_no_more_is_sent_than_there_is_room_for():
    """What a runner holds for a process that does not read is bounded, also what it held before we were there."""
    typed = Typed(10)
    typed.add(b"0123456789")
    offset = typed.begin(Received(8, 6, "before"), "we")
    first = typed.after(offset)
    assert first is not None and (first.data, first.offset) == (b"0123", 8)
    assert typed.after(12) is None and typed.waiting == 16
    assert typed.took(8) and not typed.took(7) and not typed.took(99)
    rest = typed.after(12)
    assert rest is not None and rest.data == b"456789"
    typed.clear()
    assert typed.waiting == 0
