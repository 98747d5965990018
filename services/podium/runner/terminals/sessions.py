"""All people's sessions of this runner: claimed, living, closed, and those that an earlier run left behind."""

import asyncio
import logging

from podium.chassis.tasks import TaskSet
from podium.jobs.v1.session_job_events_pb2 import SessionJobIssued
from podium.runner.terminals.life import SessionLife, SessionMeans
from podium.runner.terminals.record import SessionRecord
from podium.runner.terminals.reporting import SessionReports
from podium.tasks.v1.maestro_service_pb2 import SessionClosed

_log = logging.getLogger(__name__)

RESTARTED = "the runner was restarted"
STOPPED = "the runner was stopped"
_FLUSH_SECONDS = 2.0


class Sessions:
    """The sessions by id."""

    def __init__(self, means: SessionMeans, tasks: TaskSet, most: int) -> None:
        self._means = means
        self._tasks = tasks
        self._most = most
        self.live: dict[str, SessionLife] = {}
        self.changed = asyncio.Event()
        """Set when a session's process has ended: there may be room."""

    @property
    def room(self) -> int:
        """How many more sessions may be claimed."""
        return self._most - sum(not life.over.is_set() for life in self.live.values())

    def offers(self, profile: str) -> bool:
        """Whether this runner has the profile; every runner has none."""
        return not profile or profile in self._means.spawning.profiles

    def start(self, job: SessionJobIssued) -> None:
        """Claim an order's session and start it; one that is here already is not started again."""
        if job.session_id not in self.live:
            self._begin(SessionRecord.of(job))

    async def close(self, job: SessionJobIssued) -> None:
        """End a session's process, if there is one, and say so."""
        life = self.live.get(job.session_id)
        if life is not None:
            life.end(job.close.reason or "closed")
            await life.over.wait()
        reports = SessionReports(self._means.client, self._means.runner_id, self._means.epoch, job)
        reports.say(closed=SessionClosed())
        reports.finish()
        await reports.run()

    def register_again(self) -> None:
        """The lease has a new epoch: say of each session that it lives."""
        for life in self.live.values():
            life.reports.active()

    def recover(self) -> None:
        """Say what became of the sessions of an earlier run; their processes are ended already.

        A session whose claim was not answered may be ours, so it is claimed again, and started then.
        """
        for record in self._means.records.all():
            if record.claimed:
                life = SessionLife(self._means, record)
                self._tasks.spawn(life.conclude(RESTARTED), name=f"recover {record.session_id}")
            else:
                self._begin(record)

    async def stop(self) -> None:
        """The runner stops: end every session, and try to say so."""
        # What is not known to be ours is claimed again by the next start.
        lives = [life for life in self.live.values() if life.record.claimed]
        for life in lives:
            life.end(STOPPED)
        for life in lives:
            await life.over.wait()
        try:
            async with asyncio.timeout(_FLUSH_SECONDS):
                for life in lives:
                    await life.reports.sent.wait()
        except TimeoutError:
            _log.info("what was not acknowledged is kept for the next start")

    def _begin(self, record: SessionRecord) -> None:
        life = SessionLife(self._means, record)
        self.live[record.session_id] = life
        self._tasks.spawn(self._live(life), name=f"session {record.session_id}")

    async def _live(self, life: SessionLife) -> None:
        noticing = self._tasks.spawn(self._notice(life), name="over")
        try:
            await life.run()
        except Exception as error:  # a fault in one session is none of the others'
            _log.exception("session %s", life.record.session_id)
            await life.conclude(f"the runner failed: {type(error).__name__}: {error}")
        finally:
            noticing.cancel()
            self.live.pop(life.record.session_id, None)
            self.changed.set()

    async def _notice(self, life: SessionLife) -> None:
        await life.over.wait()
        self.changed.set()
