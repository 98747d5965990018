"""`MaestroCache`: the projects that a client shows, each kept current for as long as it is open."""

import random
from collections.abc import Callable
from types import TracebackType

from podium.client.cache.project import CachedProject
from podium.client.clock import Clock, SystemClock
from podium.client.connection import Podium
from podium.client.watches import SILENCE_SECONDS

MAX_PROJECTS = 100
"""Projects open at once: each is a stream."""


class MaestroCache:
    """Projects by id, over one connection. Use it as an async context manager, or `close` it."""

    def __init__(
        self,
        podium: Podium,
        *,
        clock: Clock | None = None,
        silence_seconds: float = SILENCE_SECONDS,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._podium = podium
        self._clock = clock or SystemClock()
        self._silence_seconds = silence_seconds
        self._chance = chance
        self._projects: dict[str, CachedProject] = {}

    def project(self, project_id: str) -> CachedProject:
        """The project, followed from now on; the same one each time. Raises RuntimeError past MAX_PROJECTS."""
        found = self._projects.get(project_id)
        if found is None:
            if len(self._projects) >= MAX_PROJECTS:
                raise RuntimeError(f"{MAX_PROJECTS} projects are open: leave one first")
            found = self._projects[project_id] = CachedProject(
                self._podium.maestro,
                project_id,
                self._clock,
                silence_seconds=self._silence_seconds,
                chance=self._chance,
            )
        return found

    async def leave(self, project_id: str) -> None:
        """Follow a project no longer, and forget it."""
        if (project := self._projects.pop(project_id, None)) is not None:
            await project.close()

    async def close(self) -> None:
        """Leave all."""
        for project_id in list(self._projects):
            await self.leave(project_id)

    async def __aenter__(self) -> "MaestroCache":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
