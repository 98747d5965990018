"""Sessions of people in a test's installation: spawned, watched for a state, their processes looked for."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from podium.client import Podium
from podium.client.watches import Resuming
from podium.jobs.v1.artifact_events_pb2 import TranscriptChunk
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1 import task_pb2
from podium.tasks.v1.task_pb2 import Session
from tests.support.installation import LIMIT_SECONDS, LocalInstallation

_LOOK_SECONDS = 0.02

ASKS = 'stty -echo; echo "what is the word?"; read word; echo "$word" > word.txt; podium agent complete "wrote $word"'
SECRET = "correct-horse-battery"
TALKS = 'echo "key=$MY_API_KEY."; stty -echo; echo word:; read x; stty echo; echo thanks; read y; echo "heard $y"'
PROFILES = {
    "typed": {"command": ["/bin/sh", "-c", ASKS], "pty": True},
    "talks": {"command": "false", "interactive": ["/bin/sh", "-c", TALKS], "set_env": {"MY_API_KEY": SECRET}},
}
"""An agent of pods that asks at its terminal; a program for people that shows a secret and asks for a password."""


class Desk:
    """One project with its repository, and the sessions in it."""

    def __init__(self, podium: Podium, repository: Path, project_id: str) -> None:
        self.podium = podium
        self.repository = repository
        self.project_id = project_id

    async def make(self) -> "Desk":
        """Make the repository and the project."""
        self.repository.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "init", "--quiet", str(self.repository)], check=True)
        request = pb.CreateProjectRequest(
            project_id=self.project_id, name="desk", repository=str(self.repository), request_id="make"
        )
        await self.podium.maestro.CreateProject(request)
        return self

    async def task(self, title: str, **more: Any) -> task_pb2.Task:
        """A task."""
        request = pb.CreateTaskRequest(project_id=self.project_id, title=title, **more)
        return (await self.podium.maestro.CreateTask(request)).task

    async def spawn(self, *command: str, **more: Any) -> Session:
        """A session, STARTING."""
        request = pb.SpawnSessionRequest(project_id=self.project_id, command=command, **more)
        return (await self.podium.maestro.SpawnSession(request)).session

    async def run(self, text: str, **more: Any) -> Session:
        """A session that runs a shell script, once it works."""
        spawned = await self.spawn("/bin/sh", "-c", text, **more)
        return await self.until(spawned.id, lambda each: each.status == task_pb2.SESSION_STATUS_WORKING)

    async def session(self, session_id: str) -> Session:
        """As it stands now."""
        request = pb.GetSessionRequest(project_id=self.project_id, session_id=session_id)
        return (await self.podium.maestro.GetSession(request)).session

    async def until(self, session_id: str, holds: Callable[[Session], bool]) -> Session:
        """The session once it is so."""
        found = Session()
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                while not holds(found := await self.session(session_id)):
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            raise AssertionError(f"it never came so: {found}") from None
        return found

    async def ended(self, session_id: str) -> Session:
        """The session once it has ended."""
        ends = {task_pb2.SESSION_STATUS_COMPLETED, task_pb2.SESSION_STATUS_FAILED}
        return await self.until(session_id, lambda each: each.status in ends)

    def attach(self, session_id: str, **more: Any) -> "Screen":
        """A viewer."""
        return Screen(self.podium.attach(self.project_id, session_id, how=Resuming(sleep=_soon), **more))

    async def kept(self, session_id: str, text: bytes) -> None:
        """Returns when the transcript has a text: it is written a moment after it is shown."""
        async with asyncio.timeout(LIMIT_SECONDS):
            while text not in b"".join(chunk.data for chunk in await self.transcript(session_id)):
                await asyncio.sleep(_LOOK_SECONDS)

    async def transcript(self, session_id: str) -> list[TranscriptChunk]:
        """What is kept of it."""
        return [
            TranscriptChunk.FromString(event.data)
            async for batch in self.podium.events.read_stream(f"transcripts/{session_id}")
            for event in batch
        ]


async def _soon(_seconds: float) -> None:
    await asyncio.sleep(_LOOK_SECONDS)


class Screen:
    """What one viewer has seen of a terminal. `async with`; then wait for what shall be seen."""

    def __init__(self, remote: Any) -> None:
        self.remote = remote
        self.output = bytearray()
        self.gaps = 0
        self.opened = 0
        self.lost_input = False
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._seen = 0

    async def __aenter__(self) -> "Screen":
        self._task = asyncio.ensure_future(self._follow())
        await self.until(lambda: self.opened > 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        async for item in self.remote:
            match item.WhichOneof("item"):
                case "opened":
                    self.opened += 1
                case "output":
                    self.output += item.output.data
                    self.gaps += item.output.gap_bytes
                case "input_lost":
                    self.lost_input = True
            self._changed.set()
        self._changed.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Returns once it is so."""
        assert self._task is not None
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                while not holds():
                    if self._task.done():
                        self._task.result()
                        assert holds(), bytes(self.output[-2000:])
                        return
                    self._changed.clear()
                    await asyncio.wait(
                        {self._task, waiting := asyncio.ensure_future(self._changed.wait())},
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                    waiting.cancel()
        except TimeoutError:
            raise AssertionError(f"never so: {bytes(self.output[-2000:])!r}") from None

    async def sees(self, text: str) -> None:
        """Returns when the text was shown, after what was seen before."""
        wanted = text.encode()
        await self.until(lambda: wanted in self.output[self._seen :])
        self._seen = self.output.index(wanted, self._seen) + len(wanted)

    async def types(self, line: str) -> None:
        """A line and the return key."""
        await self.remote.write(f"{line}\r".encode())

    async def ends(self) -> Any:
        """How it ended, once it has."""
        await self.until(lambda: self.remote.exited is not None)
        return self.remote.exited


def call(place: LocalInstallation, desk: Desk, *words: str) -> "subprocess.CompletedProcess[str]":
    """`podium …` in a pipe."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PODIUM_")}
    return subprocess.run(
        [sys.executable, "-m", "podium.cli.main", *words],
        cwd=desk.repository,
        env=environment | {"PODIUM_DATA_DIR": str(place.installation.data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def is_alive(pid: int) -> bool:
    """Whether a process still does anything."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return False
    return state not in "ZX"
