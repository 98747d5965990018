"""Requests that are too much, over real servers: each is refused with the field that is wrong, and harms nobody."""

from typing import Any

import pytest

from podium.client.errors import InvalidArgumentError
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1 import terminal_service_pb2 as t
from tests.maestro.terminals import Offer, Place, attach, start

MUCH = 1 << 60


async def refused(call: Any, field: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        await call
    assert caught.value.violations[0].field.startswith(field)


SPAWNS: list[tuple[str, Any]] = [
    ("rows", 1001),
    ("columns", -1),
    ("task_ids", [f"t{i}" for i in range(101)]),
    ("task_ids", ["a", "a"]),
    ("command", ["x"] * 257),
    ("command", ["x" * 32769]),
    ("env", {"": "x"}),
    ("env", {"A": "x" * 4097}),
    ("env", {"GITHUB_TOKEN": "x"}),
    ("working_directory", "x" * 4097),
    ("pool", "no/such"),
    ("name", "x" * 1025),
]


async def test_spawns_that_are_refused(place: Place):
    """Every bound of SpawnSession names its field, and nothing is made."""
    for field, value in SPAWNS:
        await refused(place.anna.maestro.SpawnSession(pb.SpawnSessionRequest(project_id="p", **{field: value})), field)
    listed = await place.anna.maestro.ListSessions(pb.ListSessionsRequest(project_id="p"))
    assert not listed.sessions


async def test_calls_that_are_refused(place: Place):
    """So do those of terminals; a report says exactly one thing."""
    await place.offer()
    ids = {"project_id": "p", "session_id": "s"}
    stub, maestro = place.anna.terminals, place.runner.maestro
    write = {**ids, "input_token": "x", "sequence": 1, "data": b"x"}
    await refused(stub.Write(t.WriteRequest(**{**write, "data": b"x" * 65537})), "data")
    await refused(stub.Write(t.WriteRequest(**{**write, "data": b""})), "data")
    await refused(stub.Write(t.WriteRequest(**{**write, "sequence": 0})), "sequence")
    await refused(stub.Write(t.WriteRequest(**{**write, "sequence": MUCH})), "sequence")
    await refused(stub.Resize(t.ResizeRequest(**ids, input_token="x", rows=0, columns=1)), "rows")
    await refused(anext(aiter(stub.Attach(t.AttachRequest(**ids, after_offset=MUCH)))), "after_offset")
    await refused(anext(aiter(stub.Attach(t.AttachRequest(session_id="s")))), "project_id")
    await refused(maestro.ReportSession(pb.ReportSessionRequest(**ids, job_id="x")), "report")
    refusal = pb.SessionRefused(cause="")
    await refused(maestro.ReportSession(pb.ReportSessionRequest(**ids, job_id="x", refused=refusal)), "refused")


NONSENSE = [
    (t.ServeRequest(), "item"),
    (t.ServeRequest(output=t.TerminalOutput(data=b"x" * 65537)), "output.data"),
    (t.ServeRequest(output=t.TerminalOutput(offset=MUCH)), "output.offset"),
    (t.ServeRequest(output=t.TerminalOutput(gap_bytes=-1)), "output.gap_bytes"),
    (t.ServeRequest(resized=t.TerminalResized(rows=0, columns=80)), "resized.rows"),
    (t.ServeRequest(exited=t.TerminalExit(text="x" * 1025)), "exited.text"),
]


async def test_a_runner_that_sends_nonsense(place: Place):
    """Its stream ends with the field; its viewers stay, and go on with the stream that it opens next."""
    offer = await place.offer()
    viewer = await attach(place.anna).until(lambda v: v.opened is not None)
    for item, field in NONSENSE:
        await offer.until(lambda o: o.wanted is not None)
        await offer.send(b"more ")
        await viewer.until(lambda v: v.data == offer.output)  # noqa: B023
        await offer.call.write(item)
        with pytest.raises(InvalidArgumentError) as caught:
            await offer.until(lambda _: False)
        violated = caught.value.violations[0].field
        assert violated == field or (field == "item" and not violated)
        offer = await Offer(place.runner, "p", "s", output=offer.output).open()


async def test_a_runner_at_the_end_of_all_numbers(place: Place):
    """Offsets up to 2⁵³ - 1, which every language can count, are served; what passes them ends the stream."""
    await start(place.anna, place.runner)
    last = (1 << 53) - 1
    call = place.runner.terminals.Serve()
    opening = t.TerminalOpen(project_id="p", session_id="s", rows=1, columns=1, offset=last - 2)
    await call.write(t.ServeRequest(open=opening))
    assert (await call.read()).HasField("unwanted")
    viewer = await attach(place.anna, after=last - 2).until(lambda v: v.opened is not None)
    assert (await call.read()).wanted.after_offset == last - 2
    await call.write(t.ServeRequest(output=t.TerminalOutput(offset=last - 2, data=b"ab")))
    await viewer.until(lambda v: v.data == b"ab")
