"""Typing into terminals over real servers, and who may serve, watch and type."""

import asyncio

import pytest

from podium.client.errors import PodiumError
from podium.client.reasons.tasks import InputNotHeldError, InputOutOfOrderError, TerminalReadOnlyError
from podium.client.watches import Resuming
from podium.kernel.identity import CallerKind
from podium.maestro.application.terminals.items import TerminalLimits
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1 import terminal_service_pb2 as t
from tests.maestro.terminals import Offer, Place, attach, report, spawn, start, together, write

VIEWERS = TerminalLimits().viewers


async def test_one_types_at_a_time(place: Place):
    """The first viewer has the input; the second one reads, until it takes over, which the first one hears."""
    offer = await place.offer()
    first, second = attach(place.anna), attach(place.ben)
    await first.until(lambda v: v.opened is not None)
    await second.until(lambda v: v.opened is not None)
    assert first.opened and second.opened
    assert first.opened.input_token and not second.opened.input_token
    assert await write(place.anna, first.opened.input_token, 1, b"ls\n") == 1
    await offer.until(lambda o: o.typed == b"ls\n")
    third = attach(place.ben, take_input=True)
    await third.until(lambda v: v.opened is not None)
    await first.until(lambda v: v.lost)
    with pytest.raises(InputNotHeldError):
        await write(place.anna, first.opened.input_token, 2, b"rm\n")
    assert third.opened
    await write(place.ben, third.opened.input_token, 1, b"pwd\n")
    await offer.until(lambda o: o.typed == b"ls\npwd\n")


async def test_input_in_order_and_once(place: Place):
    """Whichever call comes first, input is typed by sequence; a repeat is answered and not typed again."""
    offer = await place.offer()
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    assert viewer.opened
    token = viewer.opened.input_token
    await together(*(write(place.anna, token, n, f"{n} ".encode()) for n in (3, 2, 5, 1, 4)))
    assert await write(place.anna, token, 2, b"2 ") == 5
    await write(place.anna, token, 6, b"end")
    await offer.until(lambda o: o.typed.endswith(b"end"))
    assert offer.typed == b"1 2 3 4 5 end"
    with pytest.raises(InputOutOfOrderError) as caught:
        await write(place.anna, token, 8, b"?")
    assert caught.value.metadata["expected"] == "7"


async def test_read_only(place: Place):
    """A terminal that takes no input gives no token; a viewer that wants none leaves it to others."""
    await place.offer()
    reader = await attach(place.anna, read_only=True).until(lambda v: v.opened is not None)
    writer = await attach(place.ben).until(lambda v: v.opened is not None)
    assert reader.opened and not reader.opened.input_token
    assert writer.opened and writer.opened.input_token
    await Offer(place.runner, "p", "s", writable=False).open()
    with pytest.raises(TerminalReadOnlyError):
        await write(place.ben, writer.opened.input_token, 1, b"x")
    later = await attach(place.anna, take_input=True).until(lambda v: v.opened is not None)
    assert later.opened and not later.opened.input_token


async def test_a_viewer_that_returns_keeps_the_input(place: Place):
    """With its token a viewer goes on typing where it was; another one that came back first did not get it."""
    offer = await place.offer()
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    assert viewer.opened
    token = viewer.opened.input_token
    await write(place.anna, token, 1, b"a")
    await offer.until(lambda o: o.wanted is not None and o.typed == b"a")
    await offer.send(b"seen")
    await viewer.until(lambda v: v.data == b"seen")
    await viewer.close()
    other = await attach(place.ben, after=4).until(lambda v: v.opened is not None)
    assert other.opened and not other.opened.input_token
    again = await attach(place.anna, input_token=token).until(lambda v: v.opened is not None)
    assert again.opened and (again.opened.input_token, again.opened.sequence) == (token, 1)
    await write(place.anna, token, 2, b"b")
    await offer.until(lambda o: o.typed == b"ab")


async def test_the_input_of_one_who_left_is_free(place: Place):
    """Somebody who attaches anew gets what the one before left; who left it comes too late with the old token."""
    offer = await place.offer()
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    await offer.until(lambda o: o.wanted is not None)
    await viewer.close()
    await offer.until(lambda o: o.wanted is None)
    other = await attach(place.ben).until(lambda v: v.opened is not None)
    assert viewer.opened and other.opened and other.opened.input_token
    again = await attach(place.anna, input_token=viewer.opened.input_token).until(lambda v: v.opened is not None)
    assert again.opened and not again.opened.input_token


async def test_resize(place: Place):
    """The holder's size goes to the runner, and comes back to every viewer when it is taken."""
    offer = await place.offer()
    first, second = attach(place.anna), attach(place.ben)
    await first.until(lambda v: v.opened is not None)
    await second.until(lambda v: v.opened is not None)
    assert first.opened
    size = {"project_id": "p", "session_id": "s", "rows": 50, "columns": 132}
    await place.anna.terminals.Resize(t.ResizeRequest(**size, input_token=first.opened.input_token))
    await offer.until(lambda o: o.size == (50, 132))
    for viewer in (first, second):
        await viewer.until(lambda v: v.sizes[-1] == (50, 132))
    with pytest.raises(InputNotHeldError):
        await place.ben.terminals.Resize(t.ResizeRequest(**size, input_token="guessed"))


async def test_input_that_nobody_reads_is_bounded(place: Place):
    """A runner does not take input: what is typed waits, then is refused; nothing is lost of what was taken."""
    offer = await place.offer()
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    assert viewer.opened
    taken, refused = 0, ""
    for sequence in range(1, 400):
        try:
            taken = await write(place.anna, viewer.opened.input_token, sequence, b"y" * (64 << 10))
        except PodiumError as error:
            refused = error.reason
            break
    assert refused == "TOO_MANY_REQUESTS"
    await offer.until(lambda o: len(o.typed) == taken * (64 << 10))


# -- who may -----------------------------------------------------------------------------------------------------------


async def test_who_may_serve(place: Place):
    """Only the runner that claimed a session serves its terminal, and only while the session lives."""
    stranger = place.servers.connect(CallerKind.RUNNER, "r2")
    await spawn(place.anna, "unclaimed")
    session = (await start(place.anna, place.runner)).session
    for client, session_id, reason in (
        (place.runner, "unclaimed", "SESSION_NOT_YOURS"),
        (stranger, "s", "SESSION_NOT_YOURS"),
        (place.runner, "nobody", "SESSION_NOT_FOUND"),
    ):
        with pytest.raises(PodiumError) as caught:
            await Offer(client, "p", session_id).open()
        assert caught.value.reason == reason
    with pytest.raises(PodiumError) as caught:
        await Offer(place.anna, "p", "s").open()
    assert caught.value.reason == "CALLER_NOT_ALLOWED"
    await report(place.runner, session, exited=pb.SessionExited(status=0))
    with pytest.raises(PodiumError) as caught:
        await Offer(place.runner, "p", "s").open()
    assert caught.value.reason == "SESSION_NOT_YOURS"


async def test_a_stream_must_say_what_it_is(place: Place):
    """Output before `open`, and a second `open`, are refused with the field's name."""
    await start(place.anna, place.runner)
    call = place.runner.terminals.Serve()
    await call.write(t.ServeRequest(output=t.TerminalOutput(data=b"x")))
    with pytest.raises(PodiumError) as caught:
        await call.read()
    assert caught.value.violations[0].field == "open"
    offer = await Offer(place.runner, "p", "s").open()
    opening = t.TerminalOpen(project_id="p", session_id="s", rows=1, columns=1)
    await offer.call.write(t.ServeRequest(open=opening))
    with pytest.raises(PodiumError) as caught:
        await offer.hear()
    assert caught.value.reason == "INVALID_FIELD"


async def test_viewers_are_bounded(place: Place):
    """One viewer more than the bound is refused with the bound; one that goes makes room."""
    await place.offer()
    viewers = [attach(place.anna, read_only=True) for _ in range(VIEWERS)]
    await together(*(viewer.until(lambda v: v.opened is not None) for viewer in viewers))
    request = t.AttachRequest(project_id="p", session_id="s")
    with pytest.raises(PodiumError) as caught:
        await anext(aiter(place.ben.terminals.Attach(request)))
    assert (caught.value.reason, caught.value.metadata["limit"]) == ("TOO_MANY_VIEWERS", str(VIEWERS))
    await viewers[0].close()
    await viewers[1].close()
    late = place.ben.attach("p", "s", how=Resuming(sleep=lambda _: asyncio.sleep(0.01)))
    async for item in late:
        assert item.WhichOneof("item") == "opened"
        break


async def test_writes_that_lead_nowhere(place: Place):
    """An unknown session, and one that nobody serves or watches, say so."""
    for session_id, reason in (("nobody", "SESSION_NOT_FOUND"), ("s", "TERMINAL_NOT_SERVED")):
        if session_id == "s":
            await start(place.anna, place.runner)
        request = t.WriteRequest(project_id="p", session_id=session_id, input_token="x", data=b"x", sequence=1)
        with pytest.raises(PodiumError) as caught:
            await place.anna.terminals.Write(request)
        assert caught.value.reason == reason
