"""Following one pod: the watch stream, the screen, the questions, and how it ended."""

import asyncio
from collections.abc import AsyncIterator, Callable
from enum import Enum
from typing import TYPE_CHECKING, Protocol, cast

from podium.cli.exits import CliError
from podium.cli.history import all_events
from podium.cli.mirror import PodMirror
from podium.cli.resolve import finished
from podium.cli.terminal import on_interrupt
from podium.cli.views.decisions import Decision, decisions

if TYPE_CHECKING:
    from podium.cli.screens import Screen
    from podium.client.connection import Podium
    from podium.client.errors import PodiumError
    from podium.pods.v1 import pod_pb2, pod_service_pb2


_LAST_WORD_SECONDS = 1.0


class Ending(Enum):
    """Why following stopped."""

    FINISHED = "finished"
    DETACHED = "detached"
    WAITING = "waiting"
    """Something waits for a person and nobody is here to ask."""


async def pod_items(
    podium: "Podium", pod_id: str, on_loss: "Callable[[PodiumError | None, float], None] | None" = None
) -> "AsyncIterator[pod_service_pb2.WatchPodResponse]":
    """A snapshot, then every change; reconnects for ever, resumes by revision, and begins anew where it cannot.

    `on_loss` hears of each lost connection: the error, and the seconds until the next try.
    """
    from podium.client import watch
    from podium.client.errors import OutOfRangeError
    from podium.pods.v1 import pod_service_pb2 as calls

    def open_call(after: int | None) -> "AsyncIterator[pod_service_pb2.WatchPodResponse]":
        request = calls.WatchPodRequest(pod_id=pod_id, after_revision=after)
        if after is None:
            request = calls.WatchPodRequest(pod_id=pod_id, start=calls.WATCH_START_SNAPSHOT)
        return cast("AsyncIterator[pod_service_pb2.WatchPodResponse]", podium.pods.WatchPod(request))

    while True:
        try:
            async for item in watch.resuming(open_call, _cursor_of, on_loss=on_loss):
                yield item
        except OutOfRangeError:
            continue


def _cursor_of(item: "pod_service_pb2.WatchPodResponse") -> int | None:
    match item.WhichOneof("item"):
        case "snapshot":
            return item.snapshot.revision
        case "bookmark":
            return item.bookmark.revision
        case "change":
            return item.change.to_revision
    return None


class Decider(Protocol):
    """Who decides what waits: a person at a terminal, or the demo."""

    async def ask(self, decision: Decision, pod: "pod_pb2.Pod") -> bool:
        """Decides and carries it out; False: not now. May be cancelled when it is decided elsewhere."""
        ...


class Follower:
    """Follows one pod until it has ended, or Ctrl-C.

    With a decider, what waits for a person is put to it; without one such a wait is an ending too, unless `patient`.
    What was missed (before the start, or while the connection was gone) is told too: at most `past` events.
    """

    def __init__(
        self,
        podium: "Podium",
        pod_id: str,
        screen: "Screen",
        decider: Decider | None,
        *,
        patient: bool = False,
        past: int = 1000,
    ) -> None:
        self._podium = podium
        self._pod_id = pod_id
        self._screen = screen
        self._decider = decider
        self._patient = patient
        self._past = past
        self._mirror = PodMirror()
        self._changed = asyncio.Event()
        self._settled: set[tuple[str, str, str]] = set()

    async def run(self) -> "tuple[Ending, pod_pb2.Pod | None]":
        """How it ended, and the pod as it was last seen. Raises what the watch or an answer failed with."""
        try:
            return await self._run()
        except BaseExceptionGroup as group:
            raise _first_leaf(group) from group

    async def _run(self) -> "tuple[Ending, pod_pb2.Pod | None]":
        async with on_interrupt() as interrupted, asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch())
            leaving = group.create_task(interrupted.wait())
            self._screen.resume()
            try:
                ending = await self._until_ended(leaving)
            finally:
                self._screen.close()
                watching.cancel()
                leaving.cancel()
        return ending, self._mirror.pod

    async def _watch(self) -> None:
        async for item in pod_items(self._podium, self._pod_id, self._lost):
            seen = self._mirror.revision
            events = self._mirror.apply(item)
            pod = self._mirror.pod
            if pod is not None and pod.revision > seen:
                if item.WhichOneof("item") == "snapshot" or item.change.conflated:
                    events = await all_events(self._podium, self._pod_id, max(seen, pod.revision - self._past))
                self._screen.update(pod, events)
            self._changed.set()

    def _lost(self, error: "PodiumError | None", seconds: float) -> None:
        why = f" ({error.message})" if error is not None else ""
        self._screen.note(f"the connection is lost{why}; the next try is in {seconds:.0f} s")

    async def _until_ended(self, leaving: "asyncio.Task[bool]") -> Ending:
        while not leaving.done():
            pod = self._mirror.pod
            if pod is not None and finished(pod):
                return Ending.FINISHED
            open_ones = [each for each in decisions(pod) if each.key not in self._settled] if pod is not None else []
            if pod is not None and open_ones and self._decider is not None:
                await self._ask(open_ones[0], pod, self._decider, leaving)
                continue
            if open_ones and self._decider is None and not self._patient and not _busy(pod):
                return Ending.WAITING
            await self._next_change(leaving)
        return Ending.DETACHED

    async def _ask(
        self, decision: Decision, pod: "pod_pb2.Pod", decider: Decider, leaving: "asyncio.Task[bool]"
    ) -> None:
        """Asks, unless it is decided elsewhere meanwhile; what is decided or put off is not asked again."""
        self._screen.pause()
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(decider.ask(decision, pod))
            gone = group.create_task(self._gone(decision))
            await asyncio.wait({asking, gone, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():  # by this very answer, as a rule: then it has a word to say still
                await asyncio.wait({asking, leaving}, timeout=_LAST_WORD_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            asking.cancel()
            gone.cancel()
        self._settled.add(decision.key)
        if not leaving.done():
            self._screen.resume()

    async def _gone(self, decision: Decision) -> None:
        """Returns when the pod no longer wants this decision."""
        while True:
            self._changed.clear()
            pod = self._mirror.pod
            if pod is None or decision.key not in {each.key for each in decisions(pod)}:
                return
            await self._changed.wait()

    async def _next_change(self, leaving: "asyncio.Task[bool]") -> None:
        self._changed.clear()
        async with asyncio.TaskGroup() as group:
            change = group.create_task(self._changed.wait())
            await asyncio.wait({change, leaving}, return_when=asyncio.FIRST_COMPLETED)
            change.cancel()


def _busy(pod: "pod_pb2.Pod | None") -> bool:
    """Whether an agent works, so that the end of following can wait until it is done."""
    from podium.cli.views.plain import word

    return pod is not None and any(word(agent, "status") in {"STARTING", "RUNNING"} for agent in pod.agents)


def require(pod: "pod_pb2.Pod | None") -> "pod_pb2.Pod":
    """The pod, where following saw one."""
    if pod is None:
        raise CliError("the pod could not be read before you left")
    return pod


def _first_leaf(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first_leaf(first) if isinstance(first, BaseExceptionGroup) else first
