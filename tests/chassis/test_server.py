"""The life of a server: ready, serving, draining, gone."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from podium.chassis.server import Registration, running
from podium.chassis.settings import ServiceSettings
from podium.client.errors import PodiumError, UnavailableError
from podium.pods.v1 import pod_service_pb2 as pb
from podium.pods.v1.pod_service_pb2_grpc import add_PodServiceServicer_to_server
from tests.support.tiny_service import SERVICE, TinyPods, bookmark, get, open_pod, person, tiny, watch


async def test_nothing_is_served_before_start_returns(tmp_path: Path) -> None:
    """While `start` works, health says NOT_SERVING and calls are told NOT_READY; afterwards both say yes."""
    settings = ServiceSettings(service="pod-manager", data_dir=tmp_path)
    starting, go_on = asyncio.Event(), asyncio.Event()

    async def start(shell: Any) -> Any:
        starting.set()
        await go_on.wait()
        return [Registration(add_PodServiceServicer_to_server, TinyPods(), SERVICE)]

    async def serve() -> None:
        async with running(settings, start):
            served.set()
            await done.wait()

    served, done = asyncio.Event(), asyncio.Event()
    server = asyncio.ensure_future(serve())
    await starting.wait()
    async with person(settings, settings.listen) as podium:
        assert not await podium.serving("pod-manager")
        with pytest.raises(UnavailableError) as early:
            await podium.pods.GetPod(get(), timeout=0.05)
        assert early.value.reason == "NOT_READY" and early.value.retry_after_seconds
        patient = asyncio.ensure_future(podium.pods.GetPod(get()))
        go_on.set()
        await served.wait()
        assert (await patient).revision == 1
        assert await podium.serving("pod-manager")
    done.set()
    await server


async def test_health_and_reflection_are_open(tmp_path: Path) -> None:
    """Health (whole process, each service) and reflection answer without a token; unknown methods are UNIMPLEMENTED."""
    async with tiny(tmp_path) as service, grpc.aio.insecure_channel(service.address) as channel:
        health: Any = HealthStub(channel)
        for name in ("", SERVICE):
            answer = await health.Check(HealthCheckRequest(service=name))
            assert answer.status == HealthCheckResponse.SERVING
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
        talk = stub.ServerReflectionInfo()
        await talk.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        listed = {item.name for item in (await talk.read()).list_services_response.service}
        assert SERVICE in listed and "grpc.health.v1.Health" in listed
        await talk.write(reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE))
        assert (await talk.read()).file_descriptor_response.file_descriptor_proto
        talk.cancel()
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await channel.unary_unary("/podium.pods.v1.PodService/Nothing")(b"")
        assert unknown.value.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_a_stop_lets_calls_finish_and_ends_streams(tmp_path: Path) -> None:
    """At a stop: health turns NOT_SERVING, feeds end as NOT_READY, a call in progress still gets its answer."""
    settings = ServiceSettings(service="pod-manager", data_dir=tmp_path, shutdown_grace_seconds=30)
    pods = TinyPods()
    inside, leave = asyncio.Event(), asyncio.Event()

    async def slow(request: Any) -> Any:
        inside.set()
        await leave.wait()
        return pb.OpenPodResponse(revision=9)

    pods.open = slow

    async def start(shell: Any) -> Any:
        return [Registration(add_PodServiceServicer_to_server, pods, SERVICE)]

    server = running(settings, start)
    address = await server.__aenter__()
    async with person(settings, address) as podium, grpc.aio.insecure_channel(address) as channel:
        health: Any = HealthStub(channel)
        states = health.Watch(HealthCheckRequest())
        assert (await states.read()).status == HealthCheckResponse.SERVING
        feed = aiter(podium.pods.WatchPod(watch()))
        assert (await anext(feed)).bookmark.revision == 1
        call = asyncio.ensure_future(podium.pods.OpenPod(open_pod()))
        await inside.wait()
        stopping = asyncio.ensure_future(server.__aexit__(None, None, None))
        assert (await states.read()).status == HealthCheckResponse.NOT_SERVING
        states.cancel()
        with pytest.raises(UnavailableError) as ended:
            await anext(feed)
        assert ended.value.reason == "NOT_READY"
        assert not stopping.done()
        leave.set()
        assert (await call).revision == 9
        await stopping
    assert not settings.installation.socket("pod-manager").exists()


async def test_the_grace_has_an_end(tmp_path: Path) -> None:
    """A call that does not finish within the grace is ended; the stop does not wait for ever."""
    pods = TinyPods()
    inside, ended = asyncio.Event(), asyncio.Event()

    async def stuck(request: Any) -> Any:
        try:
            inside.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    pods.open = stuck
    call: asyncio.Future[Any]
    async with tiny(tmp_path, pods=pods, shutdown_grace_seconds=0.05) as service:
        call = asyncio.ensure_future(service.podium.pods.OpenPod(open_pod(), timeout=1.0))
        await inside.wait()
    await ended.wait()
    with pytest.raises(PodiumError):
        await call


async def test_what_was_started_is_stopped_in_reverse(tmp_path: Path) -> None:
    """`on_stop` callbacks run after the last call, newest first; one that fails does not stop the others."""
    order: list[str] = []

    async def start(shell: Any) -> Any:
        async def note(word: str) -> None:
            order.append(word)
            if word == "second":
                raise RuntimeError("broken")

        for word in ("first", "second", "third"):
            shell.on_stop(lambda word=word: note(word))
        return []

    async with running(ServiceSettings(service="maestro", data_dir=tmp_path), start):
        assert order == []
    assert order == ["third", "second", "first"]


async def test_a_failing_start_leaves_nothing_behind(tmp_path: Path) -> None:
    """When `start` raises, what it registered is stopped, the socket is free again, and the error comes out."""
    settings = ServiceSettings(service="maestro", data_dir=tmp_path)
    stopped: list[bool] = []

    async def start(shell: Any) -> Any:
        async def stop() -> None:
            stopped.append(True)

        shell.on_stop(stop)
        raise LookupError("no store")

    with pytest.raises(LookupError, match="no store"):
        async with running(settings, start):
            pass
    assert stopped == [True]
    assert not settings.installation.socket("maestro").exists()


async def test_a_failed_task_ends_the_process(tmp_path: Path) -> None:
    """A background task of the shell that fails asks for the stop, and its error comes out: nothing dies silently."""
    settings = ServiceSettings(service="maestro", data_dir=tmp_path)
    asked: list[asyncio.Event] = []

    async def start(shell: Any) -> Any:
        async def break_down() -> None:
            raise ConnectionError("follower lost")

        shell.tasks.spawn(break_down(), name="follower")
        asked.append(shell.stop_requested)
        return []

    with pytest.raises(ConnectionError, match="follower lost"):
        async with running(settings, start):
            await asked[0].wait()


async def test_port_zero_takes_a_free_port_and_says_so(tmp_path: Path) -> None:
    """`listen` with port 0: the bound address is in the shell's settings, and is what others are told."""
    async with tiny(tmp_path) as service:
        assert service.address.startswith("127.0.0.1:") and not service.address.endswith(":0")
        assert service.shell.settings.listen == service.shell.settings.advertise == service.address


async def test_the_deadline_passes_on(tmp_path: Path) -> None:
    """A servicer's own calls get what is left of its caller's deadline, and a background task gets none of it."""
    back = TinyPods()
    async with tiny(tmp_path / "back", pods=back) as behind:
        front = TinyPods()
        left: list[float | None] = []

        async def forward(request: Any) -> Any:
            from podium.client.ambient import remaining_seconds

            async def background() -> None:
                left.append(remaining_seconds())

            await asyncio.ensure_future(service.shell.tasks.spawn(background()))
            left.append(remaining_seconds())
            return await behind.podium.pods.GetPod(get(), timeout=500.0)

        async def wait_for_ever(request: Any) -> Any:
            await asyncio.Event().wait()

        front.get = forward
        async with tiny(tmp_path / "front", pods=front) as service:
            await service.podium.pods.GetPod(get(), timeout=60.0)
            assert left[0] is None
            assert left[1] is not None and 0 < left[1] <= 60.0
            back.get = wait_for_ever
            with pytest.raises(PodiumError) as late:
                await service.podium.pods.GetPod(get(), timeout=0.1)
            assert late.value.code == "DEADLINE_EXCEEDED"


async def test_bidirectional_streams_end_after_their_share_of_the_grace(tmp_path: Path) -> None:
    """A stream of requests may go on for a part of the grace, then it ends as NOT_READY, long before the whole."""
    from podium.events.v1 import event_service_pb2 as events_pb
    from podium.events.v1.event_service_pb2_grpc import (
        EventStoreServiceServicer,
        EventStoreServiceStub,
        add_EventStoreServiceServicer_to_server,
    )
    from podium.kernel.identity import CallerKind

    class Echo(EventStoreServiceServicer):
        async def AppendStream(self, request_iterator: Any, context: Any) -> Any:
            async for _ in request_iterator:
                yield events_pb.AppendStreamResponse()

    settings = ServiceSettings(service="event-store", data_dir=tmp_path, shutdown_grace_seconds=0.5)

    async def start(shell: Any) -> Any:
        return [Registration(add_EventStoreServiceServicer_to_server, Echo(), "podium.events.v1.EventStoreService")]

    from podium.chassis.identity import ensure_key
    from podium.client.connection import Podium
    from podium.kernel.identity import Identity, issue_token

    server = running(settings, start)
    address = await server.__aenter__()
    token = issue_token(ensure_key(settings.key_file), Identity(CallerKind.SERVICE, "maestro"))
    async with Podium.connect(installation=settings.installation, token=token) as podium:
        stub: Any = EventStoreServiceStub(podium.channel(address))
        talk = stub.AppendStream()
        await talk.write(events_pb.AppendStreamRequest())
        await talk.read()
        stopping = asyncio.ensure_future(server.__aexit__(None, None, None))
        with pytest.raises(UnavailableError) as ended:
            await talk.read()
        assert ended.value.reason == "NOT_READY"
        await stopping


async def test_a_watch_survives_no_stop_but_is_resumed(tmp_path: Path) -> None:
    """`resuming` over a real server: a stop and the next start lose nothing and repeat nothing."""
    from podium.client.watch import resuming

    pods = TinyPods()

    async def count(request: Any) -> Any:
        after = request.after_revision if request.HasField("after_revision") else 0
        yield bookmark(after + 1)
        yield bookmark(after + 2)
        await asyncio.Event().wait()

    pods.watch = count
    settings = ServiceSettings(service="pod-manager", data_dir=tmp_path)

    async def start(shell: Any) -> Any:
        return [Registration(add_PodServiceServicer_to_server, pods, SERVICE)]

    async def no_wait(seconds: float) -> None:
        await asyncio.sleep(0)

    server = running(settings, start)
    address = await server.__aenter__()
    seen: list[int] = []
    async with person(settings, address) as podium:
        items = resuming(
            lambda cursor: podium.pods.WatchPod(pb.WatchPodRequest(pod_id="x", after_revision=cursor)),
            lambda item: item.bookmark.revision,
            sleep=no_wait,
        )
        async for item in items:
            seen.append(item.bookmark.revision)
            if len(seen) == 2:
                await server.__aexit__(None, None, None)
                server = running(settings, start)
                await server.__aenter__()
            if len(seen) == 4:
                break
        await items.aclose()
    await server.__aexit__(None, None, None)
    assert seen == [1, 2, 3, 4]
