"""`--notify-command`: run when something begins to need a person."""

import asyncio
import os
from typing import TYPE_CHECKING

from podium.client.tasks import TaskSet

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECONDS = 30.0
_KEPT = 10_000


class Notifier:
    """Runs a shell command once for each new need; use as an async context manager.

    The command finds PODIUM_POD_ID, PODIUM_NUMBER, PODIUM_TITLE and PODIUM_NEED (what is needed, in words) in its
    environment. What was needed before the first look is told too; what it prints goes to the terminal's error side.
    """

    def __init__(self, command: str) -> None:
        self._command = command
        self._tasks = TaskSet("notify")
        self._told: dict[tuple[str, str], None] = {}

    async def __aenter__(self) -> "Notifier":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tasks.close()

    def look(self, pod_id: str, number: int, title: str, needs: "Iterable[tuple[str, str]]") -> None:
        """What a pod needs now, as (key, words); a need that went and came again is told again."""
        now = dict(needs)
        for key in [key for pod, key in self._told if pod == pod_id and key not in now]:
            del self._told[pod_id, key]
        for key, text in now.items():
            if (pod_id, key) not in self._told and len(self._told) < _KEPT:
                self._told[pod_id, key] = None
                facts = {"POD_ID": pod_id, "NUMBER": str(number), "TITLE": title, "NEED": text}
                self._tasks.spawn(self._run(facts), name="run")

    async def _run(self, facts: dict[str, str]) -> None:
        environment = os.environ | {f"PODIUM_{name}": value for name, value in facts.items()}
        process = await asyncio.create_subprocess_shell(self._command, env=environment, stdout=2)
        try:
            async with asyncio.timeout(_SECONDS):
                await process.wait()
        except (TimeoutError, asyncio.CancelledError):
            process.kill()
            await process.wait()
            raise
