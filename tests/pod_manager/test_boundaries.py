"""Nothing stuck: a fault at every boundary, on a virtual clock.

Within ten seconds of a fault the agent's slot is free, or the cause stands in waiting_on and in the inbox. A fault that
only time shows (an agent that never starts, or never ends) happens when its limit is reached.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random

import pytest

from podium.pod_manager.domain.commands.agents import InterruptAgent, ReportAgent, RunnersLooked
from podium.pod_manager.domain.commands.messages import AskQuestion
from podium.pod_manager.domain.commands.review import ApproveReview
from podium.pod_manager.domain.kinds import AgentStatus, ChecksResult, FailureCause, JobKind
from podium.pod_manager.domain.limits import INTERRUPT_LIMIT, START_LIMIT
from podium.pod_manager.domain.policy import Budget
from podium.pod_manager.domain.reports import AgentFailure, AgentReport, AgentResult
from podium.pod_manager.domain.resources import Usage
from podium.pod_manager.domain.starting import free_slots
from podium.pod_manager.domain.waiting import waiting_on
from tests.pod_manager.scene import MANAGER, RUNNER, Scene, item
from tests.pod_manager.test_machine import Machine

LIMIT_SECONDS = 10.0
TIME_LIMIT = timedelta(hours=2)
Fault = Callable[[Scene, str], str | None]
"""Makes the fault; the agent whose slot it is about, where that is another one."""


def begun(**policy: object) -> tuple[Scene, str]:
    """(a pod, its one worker, running)"""
    scene = Scene().executing(item("a"), agent_time_limit=TIME_LIMIT, **policy)
    return scene, scene.run(scene.agent_on("a"))


# -- the faults: each leaves the scene at the moment of the fault ----------------------------------------------------


def never_starts(scene: Scene, agent: str) -> str:
    """A runner claimed it and says no more."""
    scene.fail(agent)
    scene.wait(60)
    successor = scene.agent_on("a")
    scene.claim(successor)
    assert ("RUNNER", successor) in scene.waits(), "said from the first moment"
    scene.wait(START_LIMIT.total_seconds())
    return successor


def never_ends(scene: Scene, agent: str) -> None:
    """It works and works; or its last report was lost on the way, which looks the same from here."""
    scene.wait(TIME_LIMIT.total_seconds())


def ends_without_a_result(scene: Scene, agent: str) -> None:
    scene.fail(agent, FailureCause.NO_RESULT)


def crashes(scene: Scene, agent: str) -> None:
    scene.fail(agent, FailureCause.EXIT_STATUS)


def leaves_red_checks(scene: Scene, agent: str) -> None:
    scene.report(agent, completed=AgentResult(summary="done", commit="c", checks=ChecksResult.FAILED))


def hits_the_rate_limit(scene: Scene, agent: str) -> None:
    scene.fail(agent, FailureCause.RATE_LIMITED)


def cannot_log_in(scene: Scene, agent: str) -> None:
    scene.fail(agent, FailureCause.LOGIN_FAILED)


def loses_its_runner(scene: Scene, agent: str) -> None:
    """The lease has ended: by then four of the ten seconds may be over."""
    scene.wait(4)
    scene.lease_ended()


def its_runner_restarts_without_it(scene: Scene, agent: str) -> None:
    """A new epoch, and nobody claims the agent under it."""
    scene.runner_restarted()


def its_runner_restarts_and_says_it_is_lost(scene: Scene, agent: str) -> None:
    scene.runner_restarted()
    scene.fail(agent, FailureCause.LOST)


def is_lost_while_it_asks(scene: Scene, agent: str) -> None:
    """It waits for an answer; its runner goes away for good."""
    scene.do(AskQuestion(content="Which?", blocking=True, question_key="which"), scene.as_agent(agent))
    scene.lease_ended()


def is_interrupted_and_does_not_heed(scene: Scene, agent: str) -> None:
    scene.do(InterruptAgent(agent_id=agent))
    scene.wait(INTERRUPT_LIMIT.total_seconds())


def uses_up_the_budget(scene: Scene, agent: str) -> None:
    scene.report(agent, failed=AgentFailure(cause=FailureCause.REPORTED, error="no"), usage=Usage(input_tokens=10**6))


def its_merge_is_never_done(scene: Scene, agent: str) -> None:
    """The work is done, and the runner that would merge it is gone."""
    scene.complete(agent)
    scene.do(RunnersLooked("runner runner-1 is not there"), MANAGER)


def its_merge_fails(scene: Scene, agent: str) -> None:
    scene.complete(agent)
    scene.job_failed(JobKind.MERGE)


def its_merge_conflicts(scene: Scene, agent: str) -> None:
    scene.complete(agent)
    scene.conflict("a.py")


def nobody_takes_its_successor(scene: Scene, agent: str) -> str:
    """A slot is taken by an agent that no runner can start."""
    scene.fail(agent)
    scene.wait(60)
    scene.do(RunnersLooked("no runner offers profile x"), MANAGER)
    return scene.only_agent()


def the_verification_fails(scene: Scene, agent: str) -> None:
    scene.complete(agent)
    scene.merge()
    scene.job_failed(JobKind.VERIFY)


def the_landing_fails(scene: Scene, agent: str) -> None:
    scene.complete(agent)
    scene.merge()
    scene.verify()
    scene.do(ApproveReview(integration_commit="tip"))
    scene.job_failed(JobKind.LAND)


@dataclass(frozen=True)
class Row:
    """A fault; what is said of it, if its slot is not free at once or something is to be said all the same."""

    fault: Fault
    slot_free: bool = True
    waits: str = ""
    inbox: str = ""


ROWS = (
    Row(never_starts, waits="COOLDOWN"),
    Row(never_ends, waits="COOLDOWN"),
    Row(ends_without_a_result, waits="COOLDOWN"),
    Row(crashes, waits="COOLDOWN"),
    Row(leaves_red_checks, waits="COOLDOWN"),
    Row(hits_the_rate_limit, waits="RATE_LIMIT"),
    Row(cannot_log_in, waits="LOGIN", inbox="login_failed:a"),
    Row(loses_its_runner),
    Row(its_runner_restarts_without_it),
    Row(its_runner_restarts_and_says_it_is_lost, waits="COOLDOWN"),
    Row(is_lost_while_it_asks, waits="ANSWER", inbox="question_asked:"),
    Row(is_interrupted_and_does_not_heed, waits="DECISION", inbox="workstream_failed:a"),
    Row(uses_up_the_budget, waits="BUDGET", inbox="budget_reached:budget"),
    Row(its_merge_is_never_done, waits="RUNNER", inbox="runner_missing:runner"),
    Row(its_merge_fails, waits="COOLDOWN"),
    Row(its_merge_conflicts, waits="RUNNER"),
    Row(nobody_takes_its_successor, slot_free=False, waits="RUNNER", inbox="runner_missing:runner"),
    Row(the_verification_fails, waits="CHECKS", inbox="landing_blocked:review"),
    Row(the_landing_fails, waits="LANDING", inbox="landing_blocked:landing"),
)


def said(scene: Scene) -> set[str]:
    return {entry.kind.name for entry in waiting_on(scene.pod)}


def is_settled(scene: Scene, agent: str, row: Row) -> bool:
    """The rule: the slot of the agent is free, or the cause is said in both places."""
    stated = bool(scene.inbox()) and bool(said(scene))
    return agent not in scene.pod.live_agents if row.slot_free else stated


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.fault.__name__)
def test_free_or_said_within_ten_seconds(row: Row) -> None:
    """The slot is free, or waiting_on and the inbox say why not; and what is expected is said."""
    scene, agent = begun(budget=Budget(tokens=10**6))
    subject = row.fault(scene, agent) or agent
    begin = scene.now
    while (scene.now - begin).total_seconds() < LIMIT_SECONDS and not is_settled(scene, subject, row):
        scene.wait(0.5)
    assert is_settled(scene, subject, row), (scene.waits(), scene.inbox(), scene.pod.live_agents)
    assert not row.waits or row.waits in said(scene), scene.waits()
    assert not row.inbox or any(name.startswith(row.inbox) for name in scene.inbox()), scene.inbox()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.fault.__name__)
def test_then_it_goes_on(row: Row) -> None:
    """Whatever happened, the pod can be brought to its end by what it says itself."""
    scene, agent = begun(budget=Budget(tokens=10**6))
    row.fault(scene, agent)
    scene.do(RunnersLooked(""), MANAGER)
    machine = Machine(Random(1))
    machine.scene = scene
    machine.finish_pod()


TERMINAL_REPORTS: dict[str, dict[str, object]] = {
    "completed": {"completed": AgentResult(summary="done", commit="c", checks=ChecksResult.PASSED)},
    "failed": {"failed": AgentFailure(cause=FailureCause.NO_RESULT, error="no")},
    "lost": {"failed": AgentFailure(cause=FailureCause.LOST, error="gone")},
    "usage": {"usage": Usage(input_tokens=10)},
}


@pytest.mark.parametrize("kind", TERMINAL_REPORTS)
def test_a_report_counts_once(kind: str) -> None:
    """The same number again, at once or much later, is no fact; after an end a new number is refused."""
    scene, agent = begun()
    values = {"usage": Usage(input_tokens=10), **TERMINAL_REPORTS[kind]}
    assert scene.report(agent, seq=2, **values)
    usage, attempts = scene.pod.usage, scene.pod.workstreams["a"].attempts
    assert scene.report(agent, seq=2, **values) == []
    scene.wait(3600)
    assert scene.report(agent, seq=2, **values) == []
    assert scene.pod.usage.input_tokens == usage.input_tokens == 10
    assert scene.pod.workstreams["a"].attempts[: len(attempts)] == attempts
    if scene.agent(agent).status is not AgentStatus.RUNNING:
        late = ReportAgent(agent_id=agent, report_seq=3, report=AgentReport())
        scene.refuse("AGENT_ALREADY_TERMINAL", late, RUNNER)


@pytest.mark.parametrize("cause", [FailureCause.LOGIN_FAILED, FailureCause.RATE_LIMITED, FailureCause.NO_RESULT])
def test_documents_too(cause: FailureCause) -> None:
    """A spec writer that ends badly leaves its slot, and says what is waited for."""
    scene = Scene()
    scene.open_pod()
    writer = scene.run(scene.only_agent())
    scene.fail(writer, cause)
    assert free_slots(scene.pod) == scene.pod.policy.max_parallel_agents
    kinds = {"LOGIN_FAILED": "LOGIN", "RATE_LIMITED": "RATE_LIMIT", "NO_RESULT": "COOLDOWN"}
    assert kinds[cause.name] in said(scene)
    assert ("login_failed:spec" in scene.inbox()) == (cause is FailureCause.LOGIN_FAILED)
    scene.wait(3600)
    assert scene.pod.live_agents, "it was tried again"
    assert scene.inbox() == set()
