"""Orders for people's sessions, taken from the job streams: claimed as far as there is room, closed when asked."""

from collections.abc import Sequence

from podium.chassis.tasks import TaskSet
from podium.jobs.v1.session_job_events_pb2 import SessionJobIssued
from podium.runner.jobs.board import Board
from podium.runner.terminals.sessions import Sessions


class SessionOrders:
    """Looks at the boards. `own` is the stream in which only this runner's jobs stand."""

    def __init__(self, boards: Sequence[Board], own: str, sessions: Sessions, tasks: TaskSet) -> None:
        self._boards = boards
        self._own = own
        self._sessions = sessions
        self._tasks = tasks
        self._taken: set[str] = set()
        """Orders under way or done, until their stream says that they are closed."""

    def look(self) -> None:
        """Something has changed: take what can be taken."""
        if not all(board.synced for board in self._boards):
            return
        orders = [(board, each) for board in self._boards for each in board.session_jobs]
        self._taken &= {each.job.job_id for _, each in orders}
        for board, each in sorted(orders, key=lambda pair: pair[1].rank):
            job = each.job
            if job.job_id in self._taken:
                continue
            if job.WhichOneof("order") == "spawn":
                self._consider(job)
            elif board.stream == self._own:
                self._taken.add(job.job_id)
                self._tasks.spawn(self._sessions.close(job), name=f"close {job.session_id}")

    def _consider(self, job: SessionJobIssued) -> None:
        # What nobody takes in time is FAILED with the cause: another runner of the pool may have the profile.
        if self._sessions.room > 0 and self._sessions.offers(job.spawn.agent):
            self._taken.add(job.job_id)
            self._sessions.start(job)

    async def follow_room(self) -> None:
        """Look again whenever a session has ended."""
        while True:
            self._sessions.changed.clear()
            await self._sessions.changed.wait()
            self.look()
