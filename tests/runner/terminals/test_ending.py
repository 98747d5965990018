"""The end of a person's session: remembered before anybody can read of it, so that no kill can change its story."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from podium.chassis.tasks import TaskSet
from podium.events.v1.event_pb2 import StreamAppend
from podium.jobs.v1.artifact_events_pb2 import TranscriptChunk
from podium.jobs.v1.session_job_events_pb2 import SessionJobIssued, SpawnOrder
from podium.runner.processes.journal import Journal
from podium.runner.settings import parse
from podium.runner.terminals.life import SessionLife, SessionMeans
from podium.runner.terminals.record import SessionRecord, SessionRecords
from podium.runner.terminals.spawning import Spawning
from podium.runner.terminals.terminals import Terminals
from podium.tasks.v1.maestro_service_pb2 import ReportSessionRequest


class Unseen(Terminals):
    """Terminals that nobody watches."""

    def serve(self, terminal: Any, on_refused: Any = None) -> None:
        """To nobody."""


class Witness:
    """A store for the transcript and a Maestro that notes what the record said when each line reached them."""

    def __init__(self, records: SessionRecords) -> None:
        self._records = records
        self.seen: dict[str, SessionRecord] = {}
        self.text = ""
        self.reports: list[ReportSessionRequest] = []
        self.text_when_told = ""

    async def append(self, append: StreamAppend) -> None:
        chunk = b"".join(TranscriptChunk.FromString(event.data).data for event in append.events).decode()
        self.text += chunk
        for line in chunk.splitlines():
            self.seen[line], *_ = self._records.all()

    async def limit(self, stream: str, max_count: int) -> None:
        pass

    async def ClaimSession(self, request: Any, timeout: float) -> None:
        pass

    async def ReportSession(self, request: ReportSessionRequest, timeout: float) -> None:
        self.reports.append(request)
        if request.WhichOneof("report") in ("exited", "refused"):
            self.text_when_told = self.text


async def lived(tmp_path: Path, argv: list[str]) -> Witness:
    """A session from its claim to its end, and what was told of it."""
    job = SessionJobIssued(
        job_id="job_1", project_id="p", session_id="session_1", spawn=SpawnOrder(command=argv, repository=str(tmp_path))
    )
    records = SessionRecords(tmp_path / "sessions")
    witness = Witness(records)
    client: Any = SimpleNamespace(maestro=witness)

    async def epoch() -> int:
        return 1

    async with TaskSet("terminals") as tasks:
        means = SessionMeans(
            client,
            "runner_1",
            epoch,
            records,
            Spawning(parse({}, {}).profiles, tmp_path / "bin", 1.0),
            Unseen(client, tasks, lambda: 0.0),
            Journal(tmp_path / "journal"),
            witness,
            lambda: 0.0,
        )
        await SessionLife(means, SessionRecord.of(job)).run()
    assert not records.all()
    return witness


async def test_an_end_is_on_disk_before_anybody_reads_of_it(tmp_path: Path) -> None:
    """Killed at the instant when somebody reads "ended", the runner would tell the same end when it is back."""
    witness = await lived(tmp_path, [sys.executable, "-c", "print('hello'); raise SystemExit(5)"])
    record = witness.seen["ended: exit status 5"]
    assert (record.ended, record.status) == (True, 5)
    assert witness.reports[-1].exited.status == 5
    assert "ended: exit status 5" in witness.text_when_told


async def test_so_is_a_start_that_failed(tmp_path: Path) -> None:
    """The same for one that could not be started: the next run says so, and not that it was hung up."""
    witness = await lived(tmp_path, [str(tmp_path / "nothing-here")])
    (line,) = [line for line in witness.seen if line.startswith("not started: ")]
    assert (witness.seen[line].ended, bool(witness.seen[line].refused)) == (True, True)
    assert witness.reports[-1].refused.cause in line
    assert line in witness.text_when_told
