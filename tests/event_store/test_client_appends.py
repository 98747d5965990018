"""The client's shared append stream: order, batches, loss of the store."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.chassis.interceptors.errors import status_of_rejection
from podium.client.append_message import encode_append
from podium.client.errors import PodiumError, make_error
from podium.client.events import EventStore, new_event_id
from podium.client.outbox import GATHERED_APPENDS, LEAST_SHARE, MESSAGES_UNDER_WAY
from podium.events.v1.event_pb2 import Fence
from podium.events.v1.event_service_pb2 import (
    AppendRequest,
    AppendResponse,
    AppendStreamRequest,
    AppendStreamResponse,
    NumberedResult,
)
from podium.kernel.errors import Kind, Rejection
from tests.event_store.conftest import Server
from tests.event_store.words import event, to, whole


async def test_calls_keep_their_order(server: Server) -> None:
    """Many calls at once, each expecting the one before it: all fit."""
    podium = server.connect()
    answers = await asyncio.gather(*(podium.events.append([to("a/1", expect=n)]) for n in range(200)))
    assert [answer.first_position for answer in answers] == list(range(1, 201))


async def test_appends_survive_a_restart_of_the_store(server: Server) -> None:
    """What was under way when the store went is sent again under the same ids: each event is there once, in order."""
    podium = server.connect()
    done: list[int] = []

    async def write(stream: str) -> None:
        for revision in range(30):
            await podium.events.append([to(stream, expect=revision)])
            done.append(revision)

    writers = [asyncio.ensure_future(write(f"a/{number}")) for number in range(8)]
    while len(done) < 40:
        await asyncio.sleep(0)
    await server.stop()
    assert len(done) < 240
    await server.start()
    await asyncio.gather(*writers)
    found = await whole(server.connect())
    assert len(found) == 240
    for number in range(8):
        assert [e.revision for e in found if e.stream == f"a/{number}"] == list(range(1, 31))


async def test_without_a_store_the_deadline_decides(server: Server) -> None:
    """Nobody answers: DEADLINE_EXCEEDED, the outcome is unknown; the connection works on when the store is back."""
    podium = server.connect()
    await podium.events.append([to("a/1")])
    await server.stop()
    append = to("a/1", expect=1)
    with pytest.raises(PodiumError) as caught:
        await podium.events.append([append], timeout_seconds=0.1)
    assert caught.value.code == "DEADLINE_EXCEEDED"
    assert caught.value.is_outcome_unknown
    await server.start()
    assert (await podium.events.append([append])).last_position == 2


@given(
    st.lists(
        st.tuples(st.integers(1, 2**62), st.sampled_from([0, 90, 20_000, 2_100_000]), st.integers(1, 3), st.booleans()),
        max_size=4,
    )
)
@settings(max_examples=30, deadline=None)
def test_messages_are_what_protobuf_would_write(appends: list[tuple[int, int, int, bool]]) -> None:
    """The outer messages are put together by hand, of every length; they read back as what was meant."""
    meant, encoded = AppendStreamRequest(), []
    for number, size, streams, fenced in appends:
        parts = [to(f"pods/{stream}", event(b"x" * size), expect=7) for stream in range(streams)]
        fence = Fence(service="pod-manager", shard=3, epoch=size + 1) if fenced else None
        meant.appends.add(number=number, append=AppendRequest(appends=parts, fence=fence))
        encoded.append(encode_append(number, parts, fence))
    assert b"".join(encoded) == meant.SerializeToString(deterministic=True)


def test_event_ids_are_time_ordered_and_differ_in_a_forked_process() -> None:
    """Version 7 and its variant, in the order of their milliseconds; a child does not go on where its parent is."""
    ids = [new_event_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert [each[:6] for each in ids] == sorted(each[:6] for each in ids)
    assert all(each[6] >> 4 == 7 and each[8] >> 6 == 2 and len(each) == 16 for each in ids)
    done = subprocess.run([sys.executable, "-c", _FORKING], capture_output=True, text=True, check=True)
    child, parent = done.stdout.split()
    assert child[12:] != parent[12:]


_FORKING = """
import os
from podium.client.events import new_event_id
child = os.fork()
if child:
    os.waitpid(child, 0)
print(new_event_id().hex(), flush=True)
os._exit(0)
"""


class ScriptedCall:
    """An AppendStream whose answers the test writes; `sent` holds the messages as they came."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[AppendStreamRequest] = asyncio.Queue()
        self.answers: asyncio.Queue[AppendStreamResponse | PodiumError] = asyncio.Queue()
        self.cancelled = False

    async def write(self, message: bytes) -> None:
        self.sent.put_nowait(AppendStreamRequest.FromString(message))

    async def read(self) -> AppendStreamResponse:
        answer = await self.answers.get()
        if isinstance(answer, PodiumError):
            raise answer
        return answer

    def cancel(self) -> bool:
        self.cancelled = True
        return True


class ScriptedStub:
    def __init__(self) -> None:
        self.calls: asyncio.Queue[ScriptedCall] = asyncio.Queue()

    def AppendStream(self) -> ScriptedCall:
        call = ScriptedCall()
        self.calls.put_nowait(call)
        return call


def stub_and_store() -> tuple[ScriptedStub, EventStore]:
    stub: Any = ScriptedStub()
    return stub, EventStore(stub, stub.AppendStream)


def stored(number: int) -> NumberedResult:
    return NumberedResult(number=number, response=AppendResponse(first_position=number, last_position=number))


def refused(number: int, rejection: Rejection) -> NumberedResult:
    return NumberedResult(number=number, status=status_of_rejection(rejection).SerializeToString())


async def test_what_waits_goes_in_few_even_messages() -> None:
    """64 callers of one turn of the loop are shared out to the messages under way; each hears its own answer."""
    stub, store = stub_and_store()
    callers = [asyncio.ensure_future(store.append([to(f"a/{n}")])) for n in range(64)]
    call = await stub.calls.get()
    messages = [await call.sent.get() for _ in range(MESSAGES_UNDER_WAY)]
    assert {len(message.appends) for message in messages} == {64 // MESSAGES_UNDER_WAY}
    for message in reversed(messages):
        results = [stored(item.number) for item in reversed(message.appends)]
        call.answers.put_nowait(AppendStreamResponse(results=results))
    answers = await asyncio.gather(*callers)
    assert [answer.last_position for answer in answers] == [
        item.number for message in messages for item in message.appends
    ]
    await store.close()


async def test_few_appends_go_as_one_message() -> None:
    """What is not worth sharing out is one message."""
    stub, store = stub_and_store()
    callers = [asyncio.ensure_future(store.append([to(f"a/{n}")])) for n in range(LEAST_SHARE)]
    call = await stub.calls.get()
    message = await call.sent.get()
    assert len(message.appends) == LEAST_SHARE
    call.answers.put_nowait(AppendStreamResponse(results=[stored(item.number) for item in message.appends]))
    await asyncio.gather(*callers)
    await store.close()


async def test_a_small_message_waits_for_the_one_under_way() -> None:
    """Few appends behind a message go when it is answered, all as one; enough of them do not wait for that."""
    stub, store = stub_and_store()
    callers = [asyncio.ensure_future(store.append([to("a/0")]))]
    call = await stub.calls.get()
    first = await call.sent.get()
    callers += [asyncio.ensure_future(store.append([to(f"b/{n}")])) for n in range(GATHERED_APPENDS - 1)]
    for _ in range(100):
        await asyncio.sleep(0)
    assert call.sent.empty()
    callers.append(asyncio.ensure_future(store.append([to("c/0")])))
    second = await call.sent.get()
    callers += [asyncio.ensure_future(store.append([to(f"d/{n}")])) for n in range(3)]
    for message in (first, second):
        call.answers.put_nowait(AppendStreamResponse(results=[stored(item.number) for item in message.appends]))
    sent = [*first.appends, *second.appends]
    while len(sent) < len(callers):
        message = await call.sent.get()
        sent += message.appends
        call.answers.put_nowait(AppendStreamResponse(results=[stored(item.number) for item in message.appends]))
    answers = await asyncio.gather(*callers)
    assert [answer.last_position for answer in answers] == [item.number for item in sent]
    await store.close()


async def test_long_appends_go_in_messages_of_their_own(server: Server) -> None:
    """Many megabytes at once: no message is longer than the wire allows; what could not get there is refused here."""
    podium = server.connect()
    appends = [to(f"a/{n}", *(event(b"x" * (1 << 20)) for _ in range(3))) for n in range(5)]
    answers = await asyncio.gather(*(podium.events.append([append]) for append in [*appends, to("b/1")]))
    assert [answer.last_position for answer in answers] == [3, 6, 9, 12, 15, 16]
    with pytest.raises(PodiumError, match="INVALID_FIELD"):
        await podium.events.append([to("a/9", *(event(b"x" * (1 << 20)) for _ in range(9)))])


async def test_after_a_loss_everything_unanswered_is_sent_again_in_order() -> None:
    """Same numbers, same event ids, in the order of the calls, together with what came meanwhile."""
    stub, store = stub_and_store()
    callers = [asyncio.ensure_future(store.append([to(f"a/{n}")])) for n in range(3)]
    first = await stub.calls.get()
    message = await first.sent.get()
    first.answers.put_nowait(AppendStreamResponse(results=[stored(message.appends[1].number)]))
    await callers[1]
    first.answers.put_nowait(make_error("UNAVAILABLE", "NOT_READY", "stopping"))
    callers.append(asyncio.ensure_future(store.append([to("a/9")])))
    second = await stub.calls.get()
    again = await second.sent.get()
    assert [item.append for item in again.appends[:2]] == [message.appends[0].append, message.appends[2].append]
    assert len(again.appends) == 3
    assert first.cancelled
    second.answers.put_nowait(AppendStreamResponse(results=[stored(item.number) for item in again.appends]))
    await asyncio.gather(*callers)
    await store.close()


async def test_a_conflict_behind_a_postponed_append_is_no_conflict() -> None:
    """The first of two appends met a full disk, so the second cannot fit yet: both go again, and nobody is told."""
    stub, store = stub_and_store()
    callers = [asyncio.ensure_future(store.append([to("a/1", expect=n)])) for n in (0, 1)]
    first = await stub.calls.get()
    message = await first.sent.get()
    full = Rejection(Kind.RESOURCE_EXHAUSTED, "STORAGE_FULL", "full", retry_after_seconds=0.01)
    conflict = Rejection(Kind.ABORTED, "REVISION_CONFLICT", "a/1 is at 0", {"stream": "a/1"})
    first.answers.put_nowait(
        AppendStreamResponse(
            results=[refused(message.appends[0].number, full), refused(message.appends[1].number, conflict)]
        )
    )
    second = await stub.calls.get()
    again = await second.sent.get()
    assert len(again.appends) == 2
    second.answers.put_nowait(AppendStreamResponse(results=[stored(item.number) for item in again.appends]))
    await asyncio.gather(*callers)
    await store.close()


async def test_at_the_deadline_a_standing_refusal_is_the_answer() -> None:
    """A disk that stays full is told as STORAGE_FULL: nothing was stored."""
    stub, store = stub_and_store()
    caller = asyncio.ensure_future(store.append([to("a/1")], timeout_seconds=0.1))
    call = await stub.calls.get()
    number = (await call.sent.get()).appends[0].number
    full = Rejection(Kind.RESOURCE_EXHAUSTED, "STORAGE_FULL", "full", retry_after_seconds=10.0)
    call.answers.put_nowait(AppendStreamResponse(results=[refused(number, full)]))
    with pytest.raises(PodiumError, match="STORAGE_FULL"):
        await caller
    await store.close()


async def test_a_refusal_of_the_whole_stream_reaches_every_caller() -> None:
    """A token that is not valid will not become so by waiting."""
    stub, store = stub_and_store()
    callers = [asyncio.ensure_future(store.append([to("a/1")])) for _ in range(3)]
    call = await stub.calls.get()
    call.answers.put_nowait(make_error("UNAUTHENTICATED", "UNAUTHENTICATED", "no token"))
    for caller in callers:
        with pytest.raises(PodiumError, match="UNAUTHENTICATED"):
            await caller
    await store.close()


async def test_closing_answers_whoever_waits() -> None:
    """UNAVAILABLE, outcome unknown; later calls are refused."""
    stub, store = stub_and_store()
    caller = asyncio.ensure_future(store.append([to("a/1")]))
    await (await stub.calls.get()).sent.get()
    await store.close()
    with pytest.raises(PodiumError, match="OUTCOME_UNKNOWN"):
        await caller
    with pytest.raises(PodiumError, match="NOT_READY"):
        await store.append([to("a/1")])
