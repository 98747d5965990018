"""The board: summaries of the pods of all owners, listed and watched."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from datetime import UTC

from podium.chassis.engine import Engine, View
from podium.chassis.engine.ports import Clock
from podium.chassis.gathering import Gathering, Part, Peers, gather_listing
from podium.chassis.page_tokens import read_token, write_token
from podium.client.connection import Podium
from podium.pod_manager.adapters.rendering import Renderer
from podium.pod_manager.domain.queries import is_terminal
from podium.pod_manager.domain.resources import Pod
from podium.pods.v1 import pod_service_pb2 as pb
from podium.pods.v1.pod_pb2 import PodSummary
from podium.pods.v1.pod_service_pb2_grpc import PodServiceStub

LISTING = "pods"
PAGE_SIZE = 100
BOARD_PART = 500
"""Summaries in one message of the board."""


class Boards:
    """Lists and watches; with `owned_only` what this process owns, else what all do."""

    def __init__(self, engine: Engine[Pod], renderer: Renderer, client: Podium, clock: Clock, peers: Peers) -> None:
        self._engine = engine
        self._renderer = renderer
        self._client = client
        self._clock = clock
        self._peers = peers

    # -- listing ---------------------------------------------------------------------------------------------

    async def list(self, request: pb.ListPodsRequest) -> pb.ListPodsResponse:
        """A page, newest first. Raises INVALID_PAGE_TOKEN, NOT_READY while shards change hands."""
        after, size = read_token(LISTING, request.page_token), request.page_size or PAGE_SIZE
        if request.owned_only:
            part = self._own_page(request, after, size)
            return _page([part], size, shards=sorted(part.shards))

        async def ask(address: str, seconds: float) -> Part[PodSummary]:
            wanted = pb.ListPodsRequest()
            wanted.CopyFrom(request)
            wanted.page_size, wanted.owned_only = size, True
            answer = await PodServiceStub(self._client.channel(address)).ListPods(wanted, timeout=seconds)
            return Part(answer.pods, answer.position, answer.shards, bool(answer.next_page_token))

        return _page(await gather_listing(lambda: self._own_page(request, after, size), ask, self._peers), size)

    def _own_page(self, request: pb.ListPodsRequest, after: str, size: int) -> Part[PodSummary]:
        position, views = self._engine.position(), self._engine.loaded_views().values()
        wanted = [self._renderer.summary(view) for view in views if _is_listed(view.state, request)]
        rest = sorted((pod for pod in wanted if not after or _place(pod) < after), key=_place, reverse=True)
        return Part(rest[:size], position, self._engine.served(), len(rest) > size)

    # -- watch -----------------------------------------------------------------------------------------------

    async def watch(self, request: pb.WatchPodsRequest) -> AsyncIterator[pb.WatchPodsResponse]:
        """Summaries as they change, without end; `position` never passes what has not been told."""
        after = request.after_position if request.HasField("after_position") else None
        steps = self._own_watch(request, after) if request.owned_only else self._all_watch(request, after)
        async with aclosing(steps) as responses:  # type: ignore[type-var]
            async for response in responses:
                yield response

    async def _own_watch(self, request: pb.WatchPodsRequest, after: int | None) -> AsyncIterator[pb.WatchPodsResponse]:
        told: frozenset[int] | None = None
        position = after or 0
        async with aclosing(self._own_parts(request.project_id, after)) as parts:  # type: ignore[type-var]
            async for part in parts:
                for response in _responses(part.entries, position, part.position, synced=True):
                    yield response
                position = part.position
                if part.shards != told:
                    # After the entries: whoever hears of a shard has heard of its pods.
                    told = frozenset(part.shards)
                    yield pb.WatchPodsResponse(
                        position=position, synced=True, shards=pb.WatchedShards(shards=sorted(told))
                    )

    async def _own_parts(self, project_id: str, after: int | None) -> AsyncIterator[Part[PodSummary]]:
        async with aclosing(self._engine.watch_all(after)) as boards:  # type: ignore[type-var]
            async for board in boards:
                views = [view for view in board.changed.values() if _is_of(view, project_id)]
                pods = [self._renderer.summary(view) for view in views]
                yield Part(pods, board.position, self._engine.served())

    async def _peer_parts(
        self, request: pb.WatchPodsRequest, address: str, after: int | None
    ) -> AsyncIterator[Part[PodSummary]]:
        wanted = pb.WatchPodsRequest(project_id=request.project_id, after_position=after, owned_only=True)
        call = PodServiceStub(self._client.channel(address)).WatchPods(wanted)
        shards: frozenset[int] = frozenset()
        try:
            async for response in call:
                if response.HasField("shards"):
                    shards = frozenset(response.shards.shards)
                yield Part(response.pods, response.position, shards)
        finally:
            call.cancel()

    async def _all_watch(self, request: pb.WatchPodsRequest, after: int | None) -> AsyncIterator[pb.WatchPodsResponse]:
        gathering = Gathering(
            self._peers,
            self._clock,
            open_own=lambda since: self._own_parts(request.project_id, since),
            open_peer=lambda address, since: self._peer_parts(request, address, since),
            key_of=lambda pod: (pod.pod_id, pod.revision),
            after=after,
        )
        position = after or 0
        async with aclosing(gathering.steps()) as steps:
            async for step in steps:
                for response in _responses(step.entries, position, step.position, synced=step.synced):
                    yield response
                position = step.position


def _responses(
    pods: Sequence[PodSummary], before: int, position: int, *, synced: bool
) -> Iterator[pb.WatchPodsResponse]:
    """A step in parts; the position to resume after comes with the last one."""
    rest = list(pods)
    while len(rest) > BOARD_PART:
        yield pb.WatchPodsResponse(pods=rest[:BOARD_PART], position=before)
        rest = rest[BOARD_PART:]
    yield pb.WatchPodsResponse(pods=rest, position=position, synced=synced)


def _page(parts: Sequence[Part[PodSummary]], size: int, shards: Sequence[int] = ()) -> pb.ListPodsResponse:
    """One page of what the owners listed; a pod that moved between two answers is shown as the later one knew it."""
    newest: dict[str, PodSummary] = {}
    for pod in (pod for part in parts for pod in part.entries):
        if pod.pod_id not in newest or newest[pod.pod_id].revision < pod.revision:
            newest[pod.pod_id] = pod
    rest = sorted(newest.values(), key=_place, reverse=True)
    more = len(rest) > size or any(part.more for part in parts)
    return pb.ListPodsResponse(
        pods=rest[:size],
        next_page_token=write_token(LISTING, _place(rest[:size][-1])) if more else "",
        position=min(part.position for part in parts),
        shards=shards,
    )


def _is_listed(pod: Pod, request: pb.ListPodsRequest) -> bool:
    of_project = request.project_id in ("", pod.project_id)
    return of_project and not (request.unfinished_only and is_terminal(pod))


def _is_of(view: View[Pod], project_id: str) -> bool:
    return project_id in ("", view.state.project_id)


def _place(pod: PodSummary) -> str:
    """Where a pod stands in the listing: by its opening, then by its id."""
    opened = pod.created_time.ToDatetime(UTC).isoformat(timespec="microseconds") if pod.HasField("created_time") else ""
    return f"{opened} {pod.pod_id}"
