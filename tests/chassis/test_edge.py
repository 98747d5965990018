"""What stands between the wire and a servicer, over a real server."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest

from podium.chassis.identity import current_identity, ensure_key
from podium.chassis.server import Registration, running
from podium.chassis.settings import ServiceSettings
from podium.client.connection import Podium
from podium.client.errors import (
    ExhaustedError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    PodiumError,
    UnauthenticatedError,
    from_rpc_error,
)
from podium.events.v1 import event_service_pb2 as events_pb
from podium.events.v1.event_service_pb2_grpc import (
    EventStoreServiceServicer,
    EventStoreServiceStub,
    add_EventStoreServiceServicer_to_server,
)
from podium.kernel.errors import not_found
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.pods.v1 import pod_service_pb2 as pb
from tests.support.tiny_service import ANNA, TinyPods, bookmark, get, open_pod, tiny, watch


async def test_the_actor_comes_from_the_token(tmp_path: Path) -> None:
    """A servicer sees the identity that the token proves."""
    pods = TinyPods()
    seen: list[Identity] = []

    async def note(request: Any) -> Any:
        seen.append(current_identity())
        return pb.GetPodResponse()

    pods.get = note
    async with tiny(tmp_path, pods=pods) as service:
        await service.podium.pods.GetPod(get())
        agent = service.podium.acting_as(service.token(CallerKind.AGENT, "agent_1", "pod_1"))
        await agent.pods.GetPod(get())
    assert seen == [ANNA, Identity(CallerKind.AGENT, "agent_1", "pod_1")]


@pytest.mark.parametrize("forge", ["", "p1.user.YW5uYQ..forged", "nonsense", "other key"])
async def test_no_valid_token_is_unauthenticated(tmp_path: Path, forge: str) -> None:
    """No token, a forged one, nonsense, one of another installation: none is let in, to no kind of method."""
    token = issue_token(b"k" * 64, ANNA) if forge == "other key" else forge
    async with tiny(tmp_path) as service:
        stranger = service.podium.acting_as(token)
        with pytest.raises(UnauthenticatedError) as unary:
            await stranger.pods.GetPod(get())
        with pytest.raises(UnauthenticatedError):
            [item async for item in stranger.pods.WatchPod(watch())]
        assert unary.value.reason == "UNAUTHENTICATED"
        assert service.pods.requests == []


async def test_unlisted_callers_are_refused(tmp_path: Path) -> None:
    """A caller of a kind that the RPC does not list hears so, and the servicer hears nothing."""
    async with tiny(tmp_path) as service:
        runner = service.podium.acting_as(service.token(CallerKind.RUNNER, "runner-1"))
        with pytest.raises(PermissionDeniedError) as refused:
            await runner.pods.OpenPod(open_pod())
        assert (refused.value.reason, refused.value.metadata) == (
            "CALLER_NOT_ALLOWED",
            {"caller": "runner:runner-1"},
        )
        assert service.pods.requests == []


@pytest.mark.parametrize(("path", "reason"), [("GetPod", "MALFORMED_REQUEST"), ("WatchPod", "MALFORMED_REQUEST")])
async def test_bytes_that_do_not_parse_are_an_invalid_argument(tmp_path: Path, path: str, reason: str) -> None:
    """Of a caller who may call: INVALID_ARGUMENT with a documented reason; of a stranger: UNAUTHENTICATED."""
    async with tiny(tmp_path) as service, grpc.aio.insecure_channel(service.address) as channel:
        make = channel.unary_stream if path.startswith("Watch") else channel.unary_unary
        method: Any = make(f"/podium.pods.v1.PodService/{path}")
        for token, code, expected in (
            (service.token(CallerKind.PERSON), "INVALID_ARGUMENT", reason),
            ("nobody", "UNAUTHENTICATED", "UNAUTHENTICATED"),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                call = method(b"\xff\xff", metadata=(("authorization", f"Bearer {token}"),))
                _ = [item async for item in call] if path.startswith("Watch") else await call
            error = from_rpc_error(refused.value)
            assert (error.code, error.reason) == (code, expected)
        assert service.pods.requests == []


async def test_every_broken_field_is_named(tmp_path: Path) -> None:
    """A request that breaks its rules is refused with the path of each field, nested ones too."""
    async with tiny(tmp_path) as service:
        request = pb.RequestChangesRequest(pod_id="x", changes=[pb.ChangeRequest()])
        with pytest.raises(InvalidArgumentError) as refused:
            await service.podium.pods.RequestChanges(request)
        assert refused.value.reason == "INVALID_FIELD"
        assert {item.field for item in refused.value.violations} == {
            "changes[0].workstream_id",
            "changes[0].comment",
        }
        with pytest.raises(InvalidArgumentError):
            [item async for item in service.podium.pods.WatchPod(watch(""))]
        assert service.pods.requests == []


class _Appends(EventStoreServiceServicer):
    async def AppendStream(self, request_iterator: Any, context: Any) -> Any:
        async for message in request_iterator:
            yield events_pb.AppendStreamResponse(
                results=[events_pb.NumberedResult(number=item.number) for item in message.appends]
            )

    async def SaveSnapshot(self, request_iterator: Any, context: Any) -> Any:
        [_ async for _ in request_iterator]
        return events_pb.SaveSnapshotResponse()


async def test_streams_of_requests_are_checked_message_by_message(tmp_path: Path) -> None:
    """A bad message in a stream of requests ends it with INVALID_ARGUMENT; the good ones before are served."""

    async def start(shell: Any) -> Any:
        add = add_EventStoreServiceServicer_to_server
        return [Registration(add, _Appends(), "podium.events.v1.EventStoreService")]

    settings = ServiceSettings(service="event-store", data_dir=tmp_path, shutdown_grace_seconds=2.0)
    async with running(settings, start):
        token = issue_token(ensure_key(settings.key_file), Identity(CallerKind.SERVICE, "maestro"))
        async with Podium.connect(installation=settings.installation, token=token) as podium:
            stub: Any = EventStoreServiceStub(podium.channel(settings.event_store))
            talk = stub.AppendStream()
            await talk.write(events_pb.AppendStreamRequest(appends=[events_pb.NumberedAppend(number=1)]))
            assert (await talk.read()).results[0].number == 1
            await talk.write(events_pb.AppendStreamRequest(appends=[events_pb.NumberedAppend()] * 1001))
            with pytest.raises(InvalidArgumentError) as refused:
                await talk.read()
            assert refused.value.violations[0].field == "appends"

            async def chunks() -> Any:
                yield events_pb.SaveSnapshotRequest(header=events_pb.SnapshotHeader())

            with pytest.raises(InvalidArgumentError):
                await stub.SaveSnapshot(chunks())


async def test_bugs_are_hidden_behind_an_id(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An unknown exception is INTERNAL with an error id; its text stands in the log under that id, nowhere else."""
    pods = TinyPods()

    async def crash(request: Any) -> Any:
        raise ZeroDivisionError("the secret of the house")

    async def crash_later(request: Any) -> Any:
        yield bookmark(1)
        raise ZeroDivisionError("the secret of the house")

    pods.get, pods.watch = crash, crash_later
    async with tiny(tmp_path, pods=pods) as service:
        with pytest.raises(InternalError) as unary:
            await service.podium.pods.GetPod(get())
        with pytest.raises(InternalError) as stream:
            [item async for item in service.podium.pods.WatchPod(watch())]
    for error in (unary.value, stream.value):
        assert error.reason == "INTERNAL"
        assert "secret" not in repr(error)
        assert error.metadata["error_id"] in caplog.text
    assert "the secret of the house" in caplog.text


async def test_refusals_travel_whole(tmp_path: Path) -> None:
    """A Rejection arrives with its code, reason, text and metadata, from unary calls and streams alike."""
    pods = TinyPods()

    async def missing(request: Any) -> Any:
        raise not_found("POD_NOT_FOUND", "no such pod", pod_id=request.pod_id)

    async def missing_later(request: Any) -> Any:
        yield bookmark(1)
        raise not_found("POD_NOT_FOUND", "no such pod", pod_id=request.pod_id)

    pods.get, pods.watch = missing, missing_later
    async with tiny(tmp_path, pods=pods) as service:
        with pytest.raises(NotFoundError) as unary:
            await service.podium.pods.GetPod(get())
        with pytest.raises(NotFoundError) as stream:
            [item async for item in service.podium.pods.WatchPod(watch())]
    for error in (unary.value, stream.value):
        assert (error.reason, error.message, error.metadata) == (
            "POD_NOT_FOUND",
            "no such pod",
            {"pod_id": "pod_1"},
        )


async def test_a_servicers_own_abort_is_left_alone(tmp_path: Path) -> None:
    """`context.abort` in a servicer says what it says; the edge adds nothing."""

    class Aborting(TinyPods):
        async def GetPod(self, request: Any, context: Any) -> Any:
            await context.abort(grpc.StatusCode.DATA_LOSS, "gone")

    async with tiny(tmp_path, pods=Aborting()) as service:
        with pytest.raises(PodiumError) as lost:
            await service.podium.pods.GetPod(get())
        assert (lost.value.code, lost.value.reason, lost.value.message) == ("DATA_LOSS", "", "gone")


async def test_calls_beyond_the_limit_are_refused_with_advice(tmp_path: Path) -> None:
    """Past max_concurrent_rpcs a call is RESOURCE_EXHAUSTED / TOO_MANY_REQUESTS; a finished one makes room."""
    pods = TinyPods()
    inside, leave = asyncio.Event(), asyncio.Event()

    async def slow(request: Any) -> Any:
        inside.set()
        await leave.wait()
        return pb.OpenPodResponse(revision=2)

    pods.open = slow
    async with tiny(tmp_path, pods=pods, max_concurrent_rpcs=1) as service:
        first = asyncio.ensure_future(service.podium.pods.OpenPod(open_pod()))
        await inside.wait()
        with pytest.raises(ExhaustedError) as refused:
            await service.podium.pods.GetPod(get())
        assert refused.value.reason == "TOO_MANY_REQUESTS" and refused.value.retry_after_seconds
        assert await service.podium.serving("pod-manager")
        leave.set()
        await first
        await service.podium.pods.GetPod(get())


async def test_a_cancelled_call_ends_its_servicer(tmp_path: Path) -> None:
    """When the client walks away, the servicer's coroutine is cancelled, and counts no longer."""
    pods = TinyPods()
    inside, ended = asyncio.Event(), asyncio.Event()

    async def slow(request: Any) -> Any:
        try:
            inside.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    pods.open = slow
    async with tiny(tmp_path, pods=pods, max_concurrent_rpcs=1) as service:
        call = asyncio.ensure_future(service.podium.pods.OpenPod(open_pod()))
        await inside.wait()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        assert call.cancelled()
        await ended.wait()
        await service.podium.pods.GetPod(get())


async def test_writers_and_plain_iterators_are_streams_too(tmp_path: Path) -> None:
    """Handlers that call `context.write`, and plain functions that return an async iterator, work as generators do."""

    class Writing(TinyPods):
        async def WatchPod(self, request: Any, context: Any) -> Any:
            await context.write(bookmark(7))

        def WatchPods(self, request: Any, context: Any) -> Any:
            async def items() -> Any:
                yield pb.WatchPodsResponse(position=8)

            return items()

    async with tiny(tmp_path, pods=Writing()) as service:
        assert [item.bookmark.revision async for item in service.podium.pods.WatchPod(watch())] == [7]
        boards = service.podium.pods.WatchPods(pb.WatchPodsRequest())
        assert [item.position async for item in boards] == [8]
