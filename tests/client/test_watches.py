"""The watches that resume for ever: where they resume, when they begin anew, what they take for a loss."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from podium.client.errors import OutOfRangeError, PodiumError, make_error
from podium.client.watches import Resuming, watch_pod, watch_pods, watch_project
from podium.pods.v1 import pod_service_pb2 as pods
from podium.tasks.v1 import maestro_service_pb2 as pb

LOST = make_error("UNAVAILABLE", "", "lost")
TOO_OLD = make_error("OUT_OF_RANGE", "RESUME_POINT_TRUNCATED", "too old")
FINAL = make_error("NOT_FOUND", "PROJECT_NOT_FOUND", "no")


class Script:
    """A stub whose watch says, connection by connection, what is in the script."""

    def __init__(self, *connections: Sequence[Any]) -> None:
        self.connections = list(connections)
        self.requests: list[Any] = []
        self.WatchProject = self.WatchPod = self.WatchPods = self._watch

    async def _watch(self, request: Any) -> AsyncIterator[Any]:
        self.requests.append(request)
        for item in self.connections.pop(0):
            if isinstance(item, PodiumError):
                raise item
            if item is None:
                await asyncio.Event().wait()
            yield item


def bookmark(revision: int) -> pb.WatchProjectResponse:
    return pb.WatchProjectResponse(bookmark=pb.ProjectBookmark(revision=revision))


def change(to: int, partial: bool = False) -> pb.WatchProjectResponse:
    return pb.WatchProjectResponse(change=pb.ProjectChange(from_revision=to - 1, to_revision=to, partial=partial))


def snapshot(revision: int) -> pb.WatchProjectResponse:
    return pb.WatchProjectResponse(snapshot=pb.ProjectSnapshot(revision=revision))


async def no_sleep(_: float) -> None:
    pass


def how(**more: Any) -> Resuming:
    return Resuming(sleep=no_sleep, chance=lambda: 0.0, **more)


async def collect(watch: AsyncIterator[Any]) -> tuple[list[Any], PodiumError]:
    seen = []
    with pytest.raises(PodiumError) as ended:
        async for item in watch:
            seen.append(item)
    return seen, ended.value


def cursors(script: Script) -> list[int | None]:
    return [r.after_revision if r.HasField("after_revision") else None for r in script.requests]


async def test_a_project_resumes_behind_whole_changes():
    """Parts and snapshots move nothing: what was cut in the middle comes again from its beginning."""
    script = Script(
        [bookmark(4), change(5), change(6, partial=True), LOST],
        [change(6, partial=True), change(6), LOST],
        [FINAL],
    )
    seen, ended = await collect(watch_project(script, "p", how=how()))  # type: ignore[arg-type]
    assert ended is FINAL and len(seen) == 5
    assert cursors(script) == [None, 5, 6]
    assert {r.start for r in script.requests} == {pb.WATCH_START_NOW}


async def test_a_lost_resume_point():
    """A lazy watch says so: fetch anew. A watch from a snapshot takes a new one by itself, as does one of a pod."""
    script = Script([bookmark(4), LOST], [TOO_OLD])
    _, ended = await collect(watch_project(script, "p", how=how()))  # type: ignore[arg-type]
    assert isinstance(ended, OutOfRangeError)
    script = Script([snapshot(4), bookmark(4), LOST], [TOO_OLD], [snapshot(9), bookmark(9), LOST], [FINAL])
    seen, ended = await collect(watch_project(script, "p", snapshot=True, how=how()))  # type: ignore[arg-type]
    assert ended is FINAL and len(seen) == 4 and cursors(script) == [None, 4, None, 9]
    mark = pods.WatchPodResponse(bookmark=pods.PodBookmark(revision=3))
    script = Script([mark, LOST], [TOO_OLD], [FINAL])
    _, ended = await collect(watch_pod(script, "p", how=how()))  # type: ignore[arg-type]
    assert ended is FINAL and cursors(script) == [None, 3, None]


async def test_all_pods_resume_once_all_have_come():
    """A snapshot that was cut off begins again; after it the position counts."""
    part, whole = pods.WatchPodsResponse(position=7), pods.WatchPodsResponse(position=8, synced=True)
    script = Script([part, LOST], [part, whole, LOST], [FINAL])
    await collect(watch_pods(script, "p", how=how()))  # type: ignore[arg-type]
    positions = [r.after_position if r.HasField("after_position") else None for r in script.requests]
    assert positions == [None, None, 8]


async def test_silence_is_a_loss():
    """A connection from which nothing comes, not even a bookmark, is given up and opened again."""
    losses: list[str] = []
    script = Script([bookmark(4), None], [FINAL])
    told = how(silence_seconds=0.01, on_loss=lambda error, _: losses.append(str(error)))
    _, ended = await collect(watch_project(script, "p", how=told))  # type: ignore[arg-type]
    assert ended is FINAL and cursors(script) == [None, 4]
    assert losses == ["UNAVAILABLE: nothing was heard for 0.01 s"]
