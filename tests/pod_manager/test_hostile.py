"""A hostile client floods, stalls or sends rubbish, and the other pods do not notice."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from podium.client.errors import PodiumError, from_rpc_error
from podium.common.v1.error_reason_pb2 import ErrorReason
from podium.kernel.identity import CallerKind
from podium.pods.v1 import pod_pb2
from podium.pods.v1 import pod_service_pb2 as pb
from tests.pod_manager.servers import Servers, open_request, servers

POD, OTHER = "task_0123456789abcdef", "task_fedcba9876543210"
METHODS = sorted(pb.DESCRIPTOR.services_by_name["PodService"].methods, key=lambda method: method.name)
REASONS = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()}  # noqa: SIM118 - an enum wrapper
FUZZED = 6
"""Requests of each method."""
NUMBERS = (0, 1, 2, 3, -1, 7, 2**31 - 1, -(2**31))
WORDS = ("", "x", POD, OTHER, "work", "agent_89abcdef_1", "\x00", "../..", "ü" * 40, "a" * 70_000)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Servers]:
    async with servers(tmp_path) as found:
        yield found


def rubbish(rng: Random, message: Message, depth: int = 0) -> Message:
    """Any value in any field, as the descriptor allows it."""
    for field in message.DESCRIPTOR.fields:
        if rng.random() < 0.4 or (field.containing_oneof and rng.random() < 0.5):
            continue
        if field.name == "pod_id":
            message.pod_id = rng.choice((POD, POD, "task_none", ""))  # type: ignore[attr-defined]
        elif field.is_repeated:
            if field.message_type is None or not field.message_type.GetOptions().map_entry:
                values = [_value(rng, field, depth) for _ in range(rng.randint(0, 3))]
                getattr(message, field.name).extend(value for value in values if value is not None)
        elif field.message_type is not None:
            value = _value(rng, field, depth)
            if value is not None:
                getattr(message, field.name).CopyFrom(value)
        else:
            setattr(message, field.name, _value(rng, field, depth))
    return message


def _value(rng: Random, field: Any, depth: int) -> Any:
    if field.message_type is not None:
        return rubbish(rng, GetMessageClass(field.message_type)(), depth + 1) if depth < 4 else None
    if field.enum_type is not None:
        return rng.choice([value.number for value in field.enum_type.values])
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return os.urandom(8) if field.type == FieldDescriptor.TYPE_BYTES else rng.choice(WORDS)
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return rng.random() < 0.5
    if kind in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return rng.choice((0.0, -1.0, float("inf")))
    number = rng.choice(NUMBERS)
    unsigned = kind in (FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_UINT64)
    return abs(number) if unsigned else number


async def call(client: Any, method: Any, request: Message) -> None:
    """One call to its end, or the first item of a stream."""
    made = getattr(client.pods, method.name)(request, timeout=20)
    if method.server_streaming:
        async for _ in made:
            break
        made.cancel()
    else:
        await made


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_every_method_is_made_for(method: Any) -> None:
    """The fuzzer can fill the request of each method."""
    request = rubbish(Random(1), GetMessageClass(method.input_type)())
    assert request.ByteSize() >= 0


async def test_rubbish_is_refused_for_a_documented_reason(house: Servers) -> None:
    """Requests made from the descriptors, by a person, a runner and a service: answered, or refused; never INTERNAL."""
    anna = house.connect()
    await anna.pods.OpenPod(open_request(POD))
    await anna.pods.OpenPod(open_request(OTHER))
    before = (await anna.pods.GetPod(pb.GetPodRequest(pod_id=OTHER))).pod
    callers = [
        house.connect(),
        house.connect(CallerKind.RUNNER, "runner-1"),
        house.connect(CallerKind.SERVICE, "gateway"),
    ]
    rng = Random(4)
    for method in METHODS:
        for _ in range(FUZZED):
            request = rubbish(rng, GetMessageClass(method.input_type)())
            try:
                await call(rng.choice(callers), method, request)
            except PodiumError as error:
                assert error.code != "INTERNAL", (method.name, request, error)
                assert error.reason in REASONS, (method.name, request, error)
    assert (await anna.pods.GetPod(pb.GetPodRequest(pod_id=OTHER))).pod == before


RUBBISH = (b"\xff" * 100, b"\x0a\xff\xff\xff\xff\x0f", b"\x07", b"\x0a\x05ab")
"""No message of any type: a group's end that never began, a length past the end, an unknown wire type."""


def raw_call(house: Servers, channel: grpc.aio.Channel, method: Any, data: bytes, token: str) -> Any:
    """Bytes as they are, to a method of the service."""
    path = f"/podium.pods.v1.PodService/{method.name}"
    make: Any = channel.unary_stream if method.server_streaming else channel.unary_unary
    return make(path)(data, timeout=20, metadata=(("authorization", f"Bearer {token}"),))


async def test_bytes_that_are_no_message(house: Servers) -> None:
    """To every method: MALFORMED_REQUEST for whoever may call it, before it nothing but who may; the server goes on."""
    anna = house.connect()
    await anna.pods.OpenPod(open_request(POD))
    address = house.settings("pod-manager").installation.address("pod-manager")
    rng = Random(5)
    async with grpc.aio.insecure_channel(address) as channel:
        for method in METHODS:
            for token, reasons in (
                (house.token(), {"MALFORMED_REQUEST", "CALLER_NOT_ALLOWED"}),
                (house.token(CallerKind.RUNNER, "runner-1"), {"MALFORMED_REQUEST", "CALLER_NOT_ALLOWED"}),
                ("nonsense", {"UNAUTHENTICATED"}),
            ):
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    call = raw_call(house, channel, method, rng.choice(RUBBISH), token)
                    _ = [item async for item in call] if method.server_streaming else await call
                error = from_rpc_error(refused.value)
                assert error.reason in reasons, (method.name, error)
                assert (error.reason == "MALFORMED_REQUEST") == (error.code == "INVALID_ARGUMENT")
    assert (await anna.pods.GetPod(pb.GetPodRequest(pod_id=POD))).pod.pod_id == POD


FLOODERS, COMMANDS = 60, 25


async def test_a_hostile_client_takes_no_more_than_its_turn(house: Servers) -> None:
    """While one client floods a pod, sends rubbish and never reads its watches, another pod gets its turn every time.

    Counted, not timed: between two answers for the other pod at most a few rounds of the flood are answered.
    """
    anna, mallory = house.connect(), house.connect(CallerKind.PERSON, "mallory")
    await anna.pods.OpenPod(open_request(POD))
    await anna.pods.OpenPod(open_request(OTHER))
    stalled = [mallory.pods.WatchPod(pb.WatchPodRequest(pod_id=POD, start=pb.WATCH_START_SNAPSHOT)) for _ in range(50)]
    for watch in stalled:
        await anext(aiter(watch))
    answered, reasons, over = 0, set[str](), asyncio.Event()
    method = next(method for method in METHODS if method.name == "PostMessage")
    address = house.settings("pod-manager").installation.address("pod-manager")

    async def flood(channel: grpc.aio.Channel) -> None:
        nonlocal answered
        token = house.token(CallerKind.PERSON, "mallory")
        while not over.is_set():
            try:
                await mallory.pods.PostMessage(post(POD, "x" * 1_000), timeout=30)
                await raw_call(house, channel, method, RUBBISH[0], token)
            except PodiumError as error:
                reasons.add(error.reason)
            except grpc.aio.AioRpcError as error:
                reasons.add(from_rpc_error(error).reason)
            answered += 1

    async with grpc.aio.insecure_channel(address) as channel, asyncio.TaskGroup() as group:
        for _ in range(FLOODERS):
            group.create_task(flood(channel))
        rounds = []
        for number in range(COMMANDS):
            before = answered
            await anna.pods.PostMessage(post(OTHER, f"word {number}"))
            rounds.append((answered - before) / FLOODERS)
        over.set()
    assert max(rounds) <= 4, rounds
    assert "MALFORMED_REQUEST" in reasons
    assert reasons <= {"MALFORMED_REQUEST", "MAILBOX_FULL", "TOO_MANY_REQUESTS", "POD_FULL"}
    shown = (await anna.pods.GetPod(pb.GetPodRequest(pod_id=OTHER))).pod
    assert len(shown.messages) == COMMANDS
    for watch in stalled:
        watch.cancel()


async def test_a_flood_and_stalled_watchers_leave_the_others_alone(house: Servers) -> None:
    """Hundreds of calls at once, and watchers that never read: another pod takes its commands meanwhile."""
    anna, mallory = house.connect(), house.connect(CallerKind.PERSON, "mallory")
    await anna.pods.OpenPod(open_request(POD))
    await anna.pods.OpenPod(open_request(OTHER))
    stalled = [mallory.pods.WatchPod(pb.WatchPodRequest(pod_id=POD, start=pb.WATCH_START_SNAPSHOT)) for _ in range(20)]
    for watch in stalled:
        await anext(aiter(watch))

    async def flood() -> str:
        try:
            await mallory.pods.PostMessage(post(POD, "x" * 20_000), timeout=30)
        except PodiumError as error:
            return error.reason
        return "ok"

    flooding = [asyncio.ensure_future(flood()) for _ in range(600)]
    for number in range(5):
        await anna.pods.PostMessage(post(OTHER, f"word {number}"))
    outcomes = set(await asyncio.gather(*flooding))
    assert outcomes <= {"ok", "POD_FULL", "MAILBOX_FULL", "TOO_MANY_REQUESTS", "OUTCOME_UNKNOWN", "DEADLINE_EXCEEDED"}
    shown = (await anna.pods.GetPod(pb.GetPodRequest(pod_id=OTHER))).pod
    assert {message.content for message in shown.messages} == {f"word {number}" for number in range(5)}
    for watch in stalled:
        watch.cancel()


def post(pod_id: str, words: str) -> pb.PostMessageRequest:
    """An update."""
    return pb.PostMessageRequest(pod_id=pod_id, kind=pod_pb2.MESSAGE_KIND_UPDATE, content=words)
