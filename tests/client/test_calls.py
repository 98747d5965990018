"""What the client adds to a call, against real servers."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from podium.chassis.server import Registration, running
from podium.chassis.settings import ServiceSettings
from podium.client import attempts
from podium.client.attempts import MAX_HOPS
from podium.client.errors import DeadlineError, NotFoundError, PodiumError, UnavailableError
from podium.kernel.errors import Kind, Rejection, not_found, unavailable
from podium.kernel.identity import CallerKind
from podium.pods.v1 import pod_service_pb2 as pb
from podium.pods.v1.pod_service_pb2_grpc import add_PodServiceServicer_to_server
from tests.support.tiny_service import SERVICE, TinyPods, bookmark, get, open_pod, person, tiny, watch


def _not_owner(address: str) -> Rejection:
    return unavailable("NOT_OWNER", "elsewhere", 0.0, owner_address=address)


async def test_a_mutation_gets_a_request_id_of_its_own(tmp_path: Path) -> None:
    """An empty request id is filled in, anew for each call and never in the caller's message; a given one stays."""
    async with tiny(tmp_path) as service:
        request = open_pod()
        await service.podium.pods.OpenPod(request)
        await service.podium.pods.OpenPod(request)
        await service.podium.pods.OpenPod(open_pod(request_id="mine"))
        ids = [sent.request_id for sent in service.pods.requests]
    assert request.request_id == ""
    assert all(ids) and len(set(ids)) == 3 and ids[2] == "mine"


async def test_unavailable_is_repeated_with_the_same_request_id(tmp_path: Path) -> None:
    """A mutation whose outcome is unknown is repeated under its id until it is known."""
    pods = TinyPods()
    failures = 2

    async def shaky(request: Any) -> Any:
        nonlocal failures
        if failures:
            failures -= 1
            raise unavailable("OUTCOME_UNKNOWN", "store away", 0.001)
        return pb.OpenPodResponse(revision=5)

    pods.open = shaky
    async with tiny(tmp_path, pods=pods) as service:
        assert (await service.podium.pods.OpenPod(open_pod())).revision == 5
        ids = {sent.request_id for sent in pods.requests}
    assert len(pods.requests) == 3 and len(ids) == 1


async def test_repeating_has_an_end(tmp_path: Path) -> None:
    """A service that stays away is UNAVAILABLE to the caller before the deadline, with the last reason."""
    pods = TinyPods()

    async def away(request: Any) -> Any:
        raise unavailable("STORAGE_UNAVAILABLE", "store away", 0.001)

    pods.open = pods.get = away
    async with tiny(tmp_path, pods=pods) as service:
        with pytest.raises(UnavailableError) as mutation:
            await service.podium.pods.OpenPod(open_pod(), timeout=0.3)
        with pytest.raises(UnavailableError):
            await service.podium.pods.GetPod(get(), timeout=0.3)
    assert mutation.value.reason == "STORAGE_UNAVAILABLE"
    assert len(pods.requests) > 2


async def test_other_refusals_are_not_repeated(tmp_path: Path) -> None:
    """What another attempt would meet again is raised at once."""
    pods = TinyPods()

    async def missing(request: Any) -> Any:
        raise not_found("POD_NOT_FOUND", "no", pod_id="x")

    async def full(request: Any) -> Any:
        raise Rejection(Kind.RESOURCE_EXHAUSTED, "MAILBOX_FULL", "no")

    pods.get, pods.open = missing, full
    async with tiny(tmp_path, pods=pods) as service:
        with pytest.raises(NotFoundError):
            await service.podium.pods.GetPod(get())
        with pytest.raises(PodiumError) as exhausted:
            await service.podium.pods.OpenPod(open_pod())
    assert exhausted.value.reason == "MAILBOX_FULL"
    assert len(pods.requests) == 2


async def test_the_deadline_is_kept(tmp_path: Path) -> None:
    """No answer in time is DEADLINE_EXCEEDED, whose outcome is unknown."""
    pods = TinyPods()

    async def never(request: Any) -> Any:
        await asyncio.Event().wait()

    pods.open = never
    async with tiny(tmp_path, pods=pods) as service:
        with pytest.raises(DeadlineError) as late:
            await service.podium.pods.OpenPod(open_pod(), timeout=0.05)
    assert late.value.reason == "DEADLINE_EXCEEDED" and late.value.is_outcome_unknown


async def test_a_call_outlives_its_server(tmp_path: Path) -> None:
    """A server that goes away in the middle of a call, and comes back: the call is made again, under the same id."""
    pods = TinyPods()
    inside = asyncio.Event()
    stuck = True

    async def once_stuck(request: Any) -> Any:
        if stuck:
            inside.set()
            await asyncio.Event().wait()
        return pb.OpenPodResponse(revision=3)

    pods.open = once_stuck
    settings = ServiceSettings(service="pod-manager", data_dir=tmp_path, shutdown_grace_seconds=0)

    async def start(shell: Any) -> Any:
        return [Registration(add_PodServiceServicer_to_server, pods, SERVICE)]

    async with person(settings, settings.listen) as podium:
        async with running(settings, start):
            call = asyncio.ensure_future(podium.pods.OpenPod(open_pod()))
            await inside.wait()
        stuck = False
        async with running(settings, start):
            assert (await call).revision == 3
    assert len({sent.request_id for sent in pods.requests}) == 1 and len(pods.requests) == 2


async def test_the_owner_is_followed(tmp_path: Path) -> None:
    """NOT_OWNER sends a call to the owner's address: unary calls with their id, and streams."""
    owner, other = TinyPods(), TinyPods()
    async with tiny(tmp_path / "a", pods=owner) as here:
        address = here.address

        async def elsewhere(request: Any) -> Any:
            raise _not_owner(address)

        async def stream_elsewhere(request: Any) -> Any:
            raise _not_owner(address)
            yield

        other.open, other.watch = elsewhere, stream_elsewhere
        key = here.settings.key_file
        async with tiny(tmp_path / "b", pods=other, key_file=key) as there:
            assert (await there.podium.pods.OpenPod(open_pod())).revision == 1
            async for item in there.podium.pods.WatchPod(watch()):
                assert item.bookmark.revision == 1
                break
    assert [type(sent) for sent in owner.requests] == [pb.OpenPodRequest, pb.WatchPodRequest]
    assert owner.requests[0].request_id == other.requests[0].request_id != ""


async def test_owners_are_followed_three_hops_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two services that each name the other do not keep a call busy: past three hops it pauses, or gives up."""
    monkeypatch.setattr(attempts, "_FIRST_BACKOFF_SECONDS", 100.0)  # a pause past every deadline: give up instead
    first, second = TinyPods(), TinyPods()
    async with tiny(tmp_path / "a", pods=first) as here:  # noqa: SIM117
        async with tiny(tmp_path / "b", pods=second, key_file=here.settings.key_file) as there:

            async def to_second(request: Any) -> Any:
                raise _not_owner(there.address)

            async def to_first(request: Any) -> Any:
                raise _not_owner(here.address)

            first.open, second.open = to_second, to_first
            with pytest.raises(UnavailableError) as lost:
                await here.podium.pods.OpenPod(open_pod())
    assert lost.value.reason == "NOT_OWNER"
    assert len(first.requests) + len(second.requests) == MAX_HOPS + 1


async def test_tokens_can_be_given_per_call_and_per_view(tmp_path: Path) -> None:
    """`acting_as` shares the connection under another token; a call's own `authorization` stands above both."""
    async with tiny(tmp_path) as service:
        agent = service.token(CallerKind.AGENT, "agent_1", "pod_1")
        await service.podium.acting_as(agent).pods.GetPod(get())
        await service.podium.pods.GetPod(get(), metadata=(("authorization", f"Bearer {agent}"),))
        await service.podium.pods.GetPod(get())
        sent = [metadata["authorization"] for metadata in service.pods.metadata]
    assert sent[0] == sent[1] == f"Bearer {agent}" != sent[2]


async def test_a_feed_is_opened_again_until_it_begins(tmp_path: Path) -> None:
    """Before its first item a feed is repeated like a call; after it, an error ends it."""
    pods = TinyPods()
    opened = 0

    async def shaky(request: Any) -> Any:
        nonlocal opened
        opened += 1
        if opened == 1:
            raise unavailable("NOT_READY", "soon", 0.001)
        yield bookmark(1)
        raise unavailable("NOT_READY", "stopping", 0.001)

    pods.watch = shaky
    async with tiny(tmp_path, pods=pods) as service:
        feed = aiter(service.podium.pods.WatchPod(watch()))
        assert (await anext(feed)).bookmark.revision == 1
        with pytest.raises(UnavailableError):
            await anext(feed)
    assert opened == 2


async def test_a_feed_can_be_left(tmp_path: Path) -> None:
    """`aclose` ends a feed, also one that somebody waits on: the iteration ends and the server's side too."""
    pods = TinyPods()
    ended = asyncio.Event()

    async def endless(request: Any) -> Any:
        try:
            yield bookmark(1)
            await asyncio.Event().wait()
        finally:
            ended.set()

    pods.watch = endless
    async with tiny(tmp_path, pods=pods) as service:
        feed: Any = service.podium.pods.WatchPod(watch())
        begun = asyncio.Event()

        async def read() -> int:
            count = 0
            async for _ in feed:
                count += 1
                begun.set()
            return count

        reading = asyncio.ensure_future(read())
        await begun.wait()
        await feed.aclose()
        assert await reading == 1
        await ended.wait()


async def test_closing_the_connection_is_an_error_and_no_cancellation(tmp_path: Path) -> None:
    """Who waits for an answer when the connection is closed gets a PodiumError and is not cancelled."""
    async with tiny(tmp_path) as service:
        begun = asyncio.Event()

        async def read() -> None:
            async for _ in service.podium.pods.WatchPod(watch()):
                begun.set()

        reading = asyncio.ensure_future(read())
        await begun.wait()
        await service.podium.close()
        with pytest.raises(PodiumError) as closed:
            await reading
        assert closed.value.code == "CANCELLED"
        with pytest.raises(RuntimeError, match="closed"):
            await service.podium.pods.GetPod(get())


async def test_nobody_there_is_unavailable(tmp_path: Path) -> None:
    """A socket that nobody serves is UNAVAILABLE without a reason; `serving` says no."""
    settings = ServiceSettings(service="pod-manager", data_dir=tmp_path)
    async with person(settings, settings.listen) as podium:
        assert not await podium.serving("pod-manager")
        with pytest.raises(UnavailableError) as nobody:
            await podium.pods.GetPod(get(), timeout=0.2)
        assert nobody.value.reason == ""
