"""Follows the pods: every fact of every pod reaches its project, and counts there once.

The projects themselves know how far they have followed each pod; the follower's own position is only a hint where to
begin. So it may be killed at any instant, begin too early, or see a fact twice, and nothing is done twice or left out.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence

from podium.chassis.engine.model import Spawner
from podium.chassis.engine.ports import Clock
from podium.kernel.errors import Kind, Rejection
from podium.kernel.ids import shard_of
from podium.maestro.application.ports import Bookmark, FeedUnavailable, PodEvent, PodFeed, Projects
from podium.maestro.domain.commands import PodFact

_log = logging.getLogger(__name__)

FACTS_PER_COMMAND = 100
"""A change must fit into one event, whatever its facts say."""
PODS_AT_ONCE = 32
SAVE_EVERY_POSITIONS = 1000
SAVE_EVERY_SECONDS = 5.0
LOOK_EVERY_SECONDS = 2.0
"""How often shards that came are noticed."""
BACKOFF_SECONDS = 0.1
BACKOFF_LIMIT_SECONDS = 5.0
ATTEMPTS = 20
"""Of one command, over a minute, before its pod is set aside so that others go on."""
RETRY_EVERY_SECONDS = 5.0
"""How often what was set aside is tried again."""

_Pod = tuple[str, str]
"""(project id, pod id)"""


class Follower:
    """One for each process; `run` it for the process' life."""

    def __init__(self, feed: PodFeed, projects: Projects, clock: Clock, tasks: Spawner) -> None:
        self._tasks = tasks
        self._feed = feed
        self._projects = projects
        self._clock = clock
        self._covered: frozenset[int] = frozenset()
        self._position = 0
        self._saved = 0
        self._saved_at = 0.0
        self._held: dict[_Pod, tuple[int, PodEvent]] = {}
        """Pods whose facts could not be taken in: the position of the first such fact, and the last one."""
        self._retried_at = 0.0
        self._news = False
        """Whether facts were taken in since the bookmark was saved; saving it moves the log's end too."""
        self._moved = asyncio.Event()

    # -- life ------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Without end; begins anew, early enough, whenever shards come to this process."""
        while True:
            self._covered = frozenset(self._projects.owned())
            self._position = self._saved = await self._beginning()
            self._moved.set()
            self._saved_at = self._clock.monotonic()
            self._held.clear()
            await self._until_shards_come()

    async def _until_shards_come(self) -> None:
        """Follow; end when this process has shards that the position does not speak for."""
        following = self._tasks.spawn(self._follow(), name="follow-pods")
        try:
            while not following.done() and not (frozenset(self._projects.owned()) - self._covered):
                await self._clock.sleep(LOOK_EVERY_SECONDS)
                await self._retry_sometimes()
                await self._save_sometimes()
        finally:
            following.cancel()
            await asyncio.wait({following})

    async def _follow(self) -> None:
        async for item in self._feed.follow(self._position):
            if item.events:
                self._news = True
                await self._take(item.events)
            self._position = max(self._position, item.position)
            self._moved.set()

    async def caught_up(self, position: int) -> None:
        """Wait until everything up to a position is taken in."""
        while self._position < position:
            self._moved.clear()
            await self._moved.wait()

    # -- facts -----------------------------------------------------------------------------------------------

    async def _take(self, events: Iterable[PodEvent]) -> None:
        """Pods side by side, each pod's facts in order."""
        by_pod: dict[_Pod, list[PodEvent]] = {}
        for event in events:
            if event.project_id and shard_of(event.project_id) in self._covered:
                by_pod.setdefault((event.project_id, event.pod_id), []).append(event)
        gate = asyncio.Semaphore(PODS_AT_ONCE)

        async def one(pod: _Pod, run: list[PodEvent]) -> None:
            async with gate:
                await self._take_pod(pod, run)

        await asyncio.gather(*(one(pod, run) for pod, run in by_pod.items()))

    async def _take_pod(self, pod: _Pod, run: Sequence[PodEvent]) -> None:
        """Take a run of one pod's facts in. What can never work is set aside, so that other pods go on."""
        try:
            await self._persist(pod, [event.fact for event in run])
        except Exception:
            first, _ = self._held.get(pod, (run[0].position, run[0]))
            self._held[pod] = (first, run[-1])
            _log.exception("pod %s cannot be followed now; tried again soon, and with its next fact", pod[1])
        else:
            self._held.pop(pod, None)

    async def _retry_sometimes(self) -> None:
        """Try what was set aside again; its last fact alone is enough, what is missing before it is read."""
        if self._clock.monotonic() - self._retried_at >= RETRY_EVERY_SECONDS:
            self._retried_at = self._clock.monotonic()
            for pod, (_, last) in list(self._held.items()):
                await self._take_pod(pod, (last,))

    async def _persist(self, pod: _Pod, facts: Sequence[PodFact]) -> None:
        """Until it is done, or somebody else's; raises what does not pass, and what does not pass soon."""
        project_id, pod_id = pod
        backoff, gaps, attempts = BACKOFF_SECONDS, 0, 0
        while facts:
            part = facts[:FACTS_PER_COMMAND]
            try:
                await self._projects.follow(project_id, pod_id, part)
                facts = facts[FACTS_PER_COMMAND:]
                continue
            except Rejection as refusal:
                if refusal.reason == "NOT_OWNER":
                    # Dropped here, so the position does not speak for this shard, should it ever come back.
                    self._covered -= {shard_of(project_id)}
                    return
                if refusal.reason == "REVISION_CONFLICT" and gaps < 3:
                    gaps += 1
                    facts = await self._read_gap(pod_id, int(refusal.metadata["expected"]), facts)
                    continue
                attempts += 1
                if refusal.kind not in (Kind.UNAVAILABLE, Kind.RESOURCE_EXHAUSTED) or attempts >= ATTEMPTS:
                    raise
                _log.debug("following pod %s: %s", pod_id, refusal)
            await self._clock.sleep(backoff)
            backoff = min(backoff * 2, BACKOFF_LIMIT_SECONDS)

    async def _read_gap(self, pod_id: str, expected: int, facts: Sequence[PodFact]) -> Sequence[PodFact]:
        """All facts from the expected one to the last of these, from the pod's own stream."""
        backoff = BACKOFF_SECONDS
        while True:
            try:
                return await self._feed.read(pod_id, expected - 1, facts[-1].revision)
            except FeedUnavailable as error:
                _log.debug("reading pod %s: %s", pod_id, error)
            await self._clock.sleep(backoff)
            backoff = min(backoff * 2, BACKOFF_LIMIT_SECONDS)

    # -- bookmark --------------------------------------------------------------------------------------------

    async def _beginning(self) -> int:
        """The position after which something may be missing in one of this process' shards."""
        backoff = BACKOFF_SECONDS
        while True:
            try:
                bookmarks = await self._feed.bookmarks()
                break
            except FeedUnavailable as error:
                _log.debug("reading bookmarks: %s", error)
            await self._clock.sleep(backoff)
            backoff = min(backoff * 2, BACKOFF_LIMIT_SECONDS)
        known = dict.fromkeys(self._covered, 0)
        for bookmark in bookmarks:
            for shard in bookmark.shards & self._covered:
                known[shard] = max(known[shard], bookmark.position)
        return min(known.values(), default=0)

    async def _save_sometimes(self) -> None:
        passed = self._clock.monotonic() - self._saved_at
        moved = self.reached() - self._saved
        if moved >= SAVE_EVERY_POSITIONS or passed >= SAVE_EVERY_SECONDS:
            await self.save()

    def reached(self) -> int:
        """Everything up to here is taken in, also what was set aside."""
        return min([self._position, *(first - 1 for first, _ in self._held.values())])

    async def save(self) -> None:
        """Keep the bookmark; best effort, it only saves reading."""
        reached = self.reached()
        shards = self._covered & frozenset(self._projects.owned())
        if reached <= self._saved or not shards:
            return
        if not self._news and reached - self._saved < SAVE_EVERY_POSITIONS:
            return
        try:
            await self._feed.save(Bookmark(reached, shards))
        except FeedUnavailable as error:
            _log.debug("saving the bookmark: %s", error)
            return
        self._saved, self._saved_at, self._news = reached, self._clock.monotonic(), False
