"""How a pod's facts become the status of its task, its summary, and the sessions of its agents.

Each fact counts once: `FollowedPod.revision` says how far the pod's stream is taken in, and outlives the task.
"""

from dataclasses import fields, replace
from typing import assert_never

from podium.kernel.errors import Kind, Rejection
from podium.kernel.persistent import Map
from podium.maestro.domain import commands, facts
from podium.maestro.domain.change import Change
from podium.maestro.domain.facts import FollowedPod, FollowedQuestion, FollowedWorkstream
from podium.maestro.domain.model import (
    NeedsInput,
    Phase,
    Project,
    Session,
    SessionOrigin,
    SessionStatus,
    Task,
    TaskPod,
    TaskPriority,
    TaskStatus,
    TimelineEntry,
    TimelineKind,
    WorkstreamStatus,
)
from podium.maestro.domain.projects import name_of
from podium.maestro.domain.sessions import open_session, report
from podium.maestro.domain.tasks import patch, with_status

TEXT_LIMIT = 1024
"""Characters of a line of progress, question or reason that are kept; the pod has all of it."""

_KEPT = tuple(each.name for each in fields(FollowedPod) if each.name not in ("id", "revision"))


def follow(change: Change, command: commands.FollowPod) -> None:
    """Take in what is new."""
    before = change.draft.followed.get(command.pod_id) or FollowedPod(command.pod_id)
    fresh = [fact for fact in command.facts if fact.revision > before.revision]
    if not fresh:
        return
    _check_gapless(before, fresh)
    reading = _Reading(change, command.pod_id, before)
    for fact in fresh:
        for note in fact.notes:
            reading.take(note, fact)
    reading.finish(fresh[-1])


def _check_gapless(before: FollowedPod, fresh: list[commands.PodFact]) -> None:
    for expected, fact in enumerate(fresh, before.revision + 1):
        if fact.revision != expected:
            raise Rejection(
                Kind.ABORTED,
                "REVISION_CONFLICT",
                f"pod {before.id} is followed up to {expected - 1}; {fact.revision} leaves a gap",
                {"stream": f"pods/{before.id}", "expected": str(expected), "actual": str(fact.revision)},
            )


class _Reading:
    """The pod and its agents' sessions while a run of facts is read; recorded once, at its end."""

    def __init__(self, change: Change, pod_id: str, pod: FollowedPod) -> None:
        self._change = change
        self._pod_id = pod_id
        self._before = pod
        self._pod = pod
        self._sessions: dict[str, tuple[Session, Session]] = {}
        """By id: as it was when first looked at, and as it is now."""

    # -- one fact --------------------------------------------------------------------------------------------

    def take(self, note: commands.PodNote, fact: commands.PodFact) -> None:
        """What one note means."""
        pod = self._pod
        match note:
            case commands.PodOpened():
                self._open(note, fact)
            case commands.PhaseChanged(phase):
                self._pod = replace(pod, phase=phase, landing_blocked=False)
            case commands.WorkstreamChanged(workstream_id, status):
                workstream = FollowedWorkstream(workstream_id, status)
                self._pod = replace(pod, workstreams=pod.workstreams.set(workstream_id, workstream))
            case commands.LandingChanged(blocked):
                self._pod = replace(pod, landing_blocked=blocked)
            case commands.AttentionRaised(item_id):
                if item_id not in pod.inbox:
                    self._pod = replace(pod, inbox=(*pod.inbox, item_id))
            case commands.AttentionCleared(item_id):
                self._pod = replace(pod, inbox=tuple(each for each in pod.inbox if each != item_id))
            case commands.QuestionAsked(message_id, text):
                question = FollowedQuestion(message_id, text[:TEXT_LIMIT])
                self._pod = replace(pod, questions=pod.questions.set(message_id, question))
            case commands.QuestionAnswered(message_id):
                self._answer(message_id, fact)
            case (
                commands.AgentRequested()
                | commands.AgentHeld()
                | commands.AgentWorking()
                | commands.AgentAwaited()
                | commands.AgentProgressed()
                | commands.AgentEnded()
            ):
                self._take_agent(note, fact)
            case _:
                assert_never(note)

    def _take_agent(self, note: commands.AgentNote, fact: commands.PodFact) -> None:
        match note:
            case commands.AgentRequested():
                self._begin(note, fact)
            case commands.AgentHeld(agent_id, runner_id):
                session = self._session(agent_id)
                if session is not None:
                    self._set(replace(session, runner_id=runner_id), fact)
            case commands.AgentWorking(agent_id):
                self._move(agent_id, SessionStatus.WORKING, fact)
            case commands.AgentAwaited(agent_id, message_id):
                self._await(agent_id, message_id, fact)
            case commands.AgentProgressed(agent_id, text):
                self._progress(agent_id, text[:TEXT_LIMIT], fact)
            case commands.AgentEnded(agent_id, status, reason):
                self._end(agent_id, status, reason[:TEXT_LIMIT], fact)
            case _:
                assert_never(note)

    def _open(self, note: commands.PodOpened, fact: commands.PodFact) -> None:
        """A task that nobody made is made, its project too; what was deleted is not."""
        self._pod = replace(self._pod, phase=Phase.SPEC_CLARIFICATION)
        draft = self._change.draft
        if draft.project is None and not draft.deleted:
            project = Project(draft.id, name_of(note.repository), note.repository, fact.time, fact.time)
            self._change.add(facts.ProjectCreated(project))
        if draft.project is None or self._pod_id in draft.tasks or self._pod_id in draft.followed:
            return
        free = note.number > 0 and note.number not in draft.numbered_tasks
        self._change.add(
            facts.TaskCreated(
                Task(
                    self._pod_id,
                    note.number if free else draft.task_numbers + 1,
                    draft.id,
                    title=note.title,
                    prompt=note.request,
                    status=TaskStatus.PENDING,
                    priority=TaskPriority.MEDIUM,
                    created_time=fact.time,
                    updated_time=fact.time,
                )
            )
        )

    def _answer(self, message_id: str, fact: commands.PodFact) -> None:
        question = self._pod.questions.get(message_id)
        if question is None:
            return
        self._pod = replace(self._pod, questions=self._pod.questions.delete(message_id))
        if question.agent_id and not self._asks(question.agent_id):
            self._move(question.agent_id, SessionStatus.WORKING, fact)

    def _asks(self, agent_id: str) -> bool:
        return any(each.agent_id == agent_id for each in self._pod.questions.values())

    # -- sessions --------------------------------------------------------------------------------------------

    def _begin(self, note: commands.AgentRequested, fact: commands.PodFact) -> None:
        """A session opens and links once, here; whoever deletes or unlinks it later has the last word."""
        self._pod = replace(self._pod, agents=(*self._pod.agents, note.agent_id))
        draft = self._change.draft
        if draft.project is None or note.agent_id in draft.sessions:
            return
        session = Session(
            note.agent_id,
            draft.session_numbers + 1,
            draft.id,
            (self._pod_id,) if self._pod_id in draft.tasks else (),
            note.name,
            note.profile,
            SessionOrigin.POD,
            {},
            SessionStatus.STARTING,
            NeedsInput(),
            started_time=fact.time,
            last_activity_time=fact.time,
            pod_id=self._pod_id,
        )
        open_session(self._change, session)

    def _session(self, agent_id: str) -> Session | None:
        """The agent's session as far as it is read, unless it ended, was deleted, or is somebody else's."""
        if agent_id in self._sessions:
            session = self._sessions[agent_id][1]
        else:
            found = self._change.draft.sessions.get(agent_id)
            if found is None:
                return None
            session = found
            self._sessions[agent_id] = (session, session)
        return session if session.live_agent else None

    def _set(self, session: Session, fact: commands.PodFact) -> None:
        first = self._sessions[session.id][0]
        self._sessions[session.id] = (first, replace(session, last_activity_time=fact.time))

    def _move(self, agent_id: str, status: SessionStatus, fact: commands.PodFact) -> None:
        session = self._session(agent_id)
        if session is not None:
            self._set(replace(session, status=status, needs_input=NeedsInput()), fact)

    def _await(self, agent_id: str, message_id: str, fact: commands.PodFact) -> None:
        question = self._pod.questions.get(message_id) or FollowedQuestion(message_id)
        question = replace(question, agent_id=agent_id)
        self._pod = replace(self._pod, questions=self._pod.questions.set(message_id, question))
        session = self._session(agent_id)
        if session is not None:
            before = session.needs_input or NeedsInput()
            since = before.since_time if before.active else fact.time
            needs = NeedsInput(True, question.text, since)
            self._set(replace(session, status=SessionStatus.IDLE, needs_input=needs), fact)

    def _progress(self, agent_id: str, text: str, fact: commands.PodFact) -> None:
        self._pod = replace(self._pod, progress=text)
        session = self._session(agent_id)
        if session is not None:
            self._set(session, fact)
            entry = TimelineEntry("", fact.time, TimelineKind.PROGRESS, text, author=f"agent:{agent_id}")
            self._change.add(facts.TimelineAppended(agent_id, entry))

    def _end(self, agent_id: str, status: SessionStatus, reason: str, fact: commands.PodFact) -> None:
        pod = self._pod
        open_questions = Map({k: v for k, v in pod.questions.items() if v.agent_id != agent_id})
        agents = tuple(each for each in pod.agents if each != agent_id)
        self._pod = replace(pod, agents=agents, questions=open_questions)
        session = self._session(agent_id)
        if session is not None:
            ended = replace(session, status=status, exit_reason=reason, completed_time=fact.time)
            self._set(replace(ended, needs_input=NeedsInput()), fact)

    # -- the end of the run ----------------------------------------------------------------------------------

    def finish(self, last: commands.PodFact) -> None:
        """Record sessions, task and pod as they came out."""
        for old, new in self._sessions.values():
            # The timeline grew by members of its own meanwhile; only what is reported is compared.
            report(self._change, old, new)
        task = self._change.draft.tasks.get(self._pod_id)
        if task is not None:
            summary = _summary(self._pod, task.pod, last.revision)
            updated = replace(task, pod=summary)
            if task.pod is None or task.pod_active:
                # What a finished pod still says leaves the status to people.
                updated = with_status(updated, _status(summary), last.time)
            patch(self._change, task, updated)
        self._change.add(self._followed(last.revision))

    def _followed(self, revision: int) -> facts.PodFollowed:
        pod, before = self._pod, self._before
        if pod.phase.finished:
            pod = replace(pod, workstreams=Map(), inbox=(), questions=Map())
        changed = tuple(name for name in _KEPT if getattr(pod, name) != getattr(before, name))
        values = {name: getattr(pod, name) for name in changed}
        if "workstreams" in values:
            known = before.workstreams
            values["workstreams"] = Map({k: v for k, v in pod.workstreams.items() if known.get(k) != v})
        return facts.PodFollowed(FollowedPod(pod.id, revision, **values), changed)


_DONE = (WorkstreamStatus.COMPLETED, WorkstreamStatus.SKIPPED)


def _summary(pod: FollowedPod, before: TaskPod | None, revision: int) -> TaskPod:
    """What the task shows; a finished pod's workstreams are forgotten, so their counts stay as they were."""
    statuses = [each.status for each in pod.workstreams.values()]
    total = sum(status is not WorkstreamStatus.CANCELLED for status in statuses)
    done = sum(status in _DONE for status in statuses)
    if not statuses and before is not None:
        total, done = before.workstreams_total, before.workstreams_done
    finished = pod.phase.finished
    attention = 0 if finished else len(pod.inbox)
    blocked = not finished and (pod.landing_blocked or WorkstreamStatus.FAILED in statuses)
    return TaskPod(pod.phase, revision, total, done, len(pod.agents), attention > 0, attention, blocked, pod.progress)


def _status(pod: TaskPod) -> TaskStatus:
    if pod.phase is Phase.COMPLETED:
        return TaskStatus.COMPLETED
    if pod.phase is Phase.CANCELLED:
        return TaskStatus.CANCELLED
    if pod.blocked:
        return TaskStatus.BLOCKED
    return TaskStatus.IN_REVIEW if pod.phase is Phase.REVIEW else TaskStatus.IN_PROGRESS
