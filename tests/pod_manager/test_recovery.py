"""Lost runners, moved jobs, time limits, provider limits: the slot is free, or the cause is said."""

import pytest

from podium.pod_manager.domain.commands.agents import InterruptAgent, RegisterAgent, ReportAgent, UnregisterAgent
from podium.pod_manager.domain.commands.documents import ApprovePlan, ApproveSpec, UpdatePlan, UpdateSpec
from podium.pod_manager.domain.commands.messages import AnswerQuestion, AskQuestion, PostMessage
from podium.pod_manager.domain.commands.review import ReportJob
from podium.pod_manager.domain.kinds import AgentStatus, FailureCause, JobKind, MessageKind, WorkstreamStatus
from podium.pod_manager.domain.limits import INTERRUPT_LIMIT, RUNNER_GRACE
from podium.pod_manager.domain.reports import AgentReport, JobDone, JobReport
from tests.pod_manager.scene import OTHER_RUNNER, RUNNER, START, Scene, item


def test_the_lease_ended() -> None:
    """A grace of 5 s, then LOST; the attempt counts, the slot is free."""
    scene = Scene().executing(item("a"), item("b"), max_parallel_agents=1)
    agent = scene.run(scene.agent_on("a"))
    scene.lease_ended()
    assert ("RUNNER", agent) in scene.waits()
    scene.wait(RUNNER_GRACE.total_seconds() - 0.1)
    assert scene.agent(agent).status is AgentStatus.RUNNING
    scene.wait(0.1)
    assert scene.agent(agent).status is AgentStatus.LOST
    assert scene.pod.workstreams["a"].counted_attempts == 1
    assert scene.in_progress() == {"b"}


def test_the_runner_came_back() -> None:
    """Claimed again within the grace, the agent is resumed under its id and goes on."""
    scene = Scene().executing(item("a"))
    agent = scene.run(scene.agent_on("a"))
    scene.runner_restarted()
    scene.wait(4)
    scene.claim(agent)
    scene.wait(60)
    assert scene.agent(agent).status is AgentStatus.RUNNING
    assert scene.agent(agent).lease_epoch == 2
    scene.refuse("AGENT_NOT_YOURS", RegisterAgent(agent_id=agent, lease_epoch=1), RUNNER)


def test_a_lease_that_is_older_news() -> None:
    """The end of an epoch does not touch what was claimed under a newer one."""
    scene = Scene().executing(item("a"))
    scene.runner_restarted()
    scene.run(scene.agent_on("a"))
    scene._epochs[RUNNER.name] = 1
    assert scene.lease_ended() == []


def test_a_report_in_the_grace() -> None:
    """The runner's spool counts: what it reports within the grace is applied."""
    scene = Scene().executing(item("a"))
    agent = scene.run(scene.agent_on("a"))
    scene.lease_ended()
    scene.complete(agent)
    assert scene.status("a") is WorkstreamStatus.MERGING
    scene.wait(60)
    assert scene.agent(agent).status is AgentStatus.COMPLETED


def test_lost_while_asking() -> None:
    """No attempt counts, the question stays open, the retry waits for the answer and has it in its prompt."""
    scene = Scene().executing(item("a"))
    agent = scene.run(scene.agent_on("a"))
    ask = AskQuestion(content="Which?", blocking=True, question_key="which")
    scene.do(ask, scene.as_agent(agent))
    (question,) = scene.pod.messages
    scene.lease_ended()
    scene.wait(100)
    assert scene.agent(agent).status is AgentStatus.LOST
    assert scene.pod.workstreams["a"].counted_attempts == 0
    assert ("ANSWER", question) in scene.waits()
    assert scene.in_progress() == set()
    scene.do(AnswerQuestion(message_id=question, text="The left one."))
    second = scene.agent_on("a")
    assert second != agent
    scene.run(second)
    scene.do(ask, scene.as_agent(second))
    assert scene.pod.messages[question].answer.delivered
    assert len(scene.pod.messages) == 1


@pytest.mark.parametrize(
    ("cause", "kind"), [(FailureCause.RATE_LIMITED, "RATE_LIMIT"), (FailureCause.LOGIN_FAILED, "LOGIN")]
)
def test_the_provider_s_fault(cause: FailureCause, kind: str) -> None:
    """Not an attempt: the slot is free, cause and time stand in waiting_on."""
    scene = Scene().executing(item("a"), item("b"), max_parallel_agents=1, max_attempts=1)
    retry = START.replace(hour=1)
    scene.fail(scene.run(scene.agent_on("a")), cause, retry_time=retry)
    assert scene.pod.workstreams["a"].counted_attempts == 0
    assert scene.in_progress() == {"b"}
    assert (kind, "a") in scene.waits()
    if cause is FailureCause.RATE_LIMITED:
        assert scene.pod.workstreams["a"].next_retry_time == retry


def test_the_time_limit() -> None:
    """The attempt ends with its cause, its runner is told to end the process; a late word of it is refused."""
    scene = Scene().executing(item("a"))
    agent = scene.run(scene.agent_on("a"))
    scene.wait(2 * 3600 - 1)
    assert scene.agent(agent).status is AgentStatus.RUNNING
    scene.wait(2)
    assert (scene.agent(agent).status, scene.agent(agent).cause) == (AgentStatus.FAILED, FailureCause.TIME_LIMIT)
    assert scene.open[scene.job(JobKind.INTERRUPT)][0] == "jobs/runner-1"
    scene.done(JobKind.INTERRUPT)
    assert scene.pod.usage.agent_time.total_seconds() == 2 * 3600


def test_an_interrupt_that_nobody_heeds() -> None:
    """A living runner that does not end an agent in a minute loses it: the slot is free, its late word is refused."""
    scene = Scene().executing(item("a"), item("b"), max_parallel_agents=1)
    agent = scene.run(scene.agent_on("a"))
    scene.do(InterruptAgent(agent_id=agent, reason="enough"))
    scene.wait(INTERRUPT_LIMIT.total_seconds() - 1)
    assert agent in scene.pod.live_agents
    scene.wait(1)
    assert scene.agent(agent).status is AgentStatus.INTERRUPTED
    assert scene.in_progress() == {"b"}
    late = ReportAgent(agent_id=agent, report_seq=9, report=AgentReport())
    scene.refuse("AGENT_ALREADY_TERMINAL", late, RUNNER)
    scene.done(JobKind.INTERRUPT)


def test_the_first_claim_makes_the_home() -> None:
    """The pod's other pool jobs move to the home's stream; another runner finds them gone."""
    scene = _two_in_the_pool()
    first, second = scene.pod.live_agents
    scene.claim(second, OTHER_RUNNER)
    assert scene.pod.home_runner == "runner-2"
    assert {stream for stream, _ in scene.open.values()} == {"jobs/runner-2"}
    claim = RegisterAgent(agent_id=first, job_id=scene.agent(first).job_id, lease_epoch=1)
    assert scene.refuse("AGENT_ALREADY_CLAIMED", claim, RUNNER).metadata["runner_id"] == "runner-2"
    scene.claim(first, OTHER_RUNNER)


def _two_in_the_pool() -> Scene:
    """A pod with two open LAUNCH jobs and no home: its documents were written by a person."""
    scene = Scene()
    scene.open_pod(spec="# S")
    scene.do(ApproveSpec(version=1))
    scene.do(InterruptAgent(agent_id=scene.only_agent()))
    scene.do(UpdatePlan(items=(item("a"), item("b"))))
    scene.do(ApprovePlan(version=1))
    assert {stream for stream, _ in scene.open.values()} == {"jobs/default"}
    return scene


def test_given_back() -> None:
    """An agent that its runner gives back before it started is requested again, at home."""
    scene = Scene().executing(item("a"))
    agent = scene.agent_on("a")
    scene.claim(agent)
    scene.do(UnregisterAgent(agent_id=agent, reason="no room"), RUNNER)
    assert scene.agent(agent).status is AgentStatus.REQUESTED
    scene.run(agent)
    scene.refuse("AGENT_NOT_PENDING", UnregisterAgent(agent_id=agent), RUNNER)


def test_reports_count_once() -> None:
    """A number seen before is no fact; another runner's word is refused; a job's outcome repeated changes nothing."""
    scene = Scene().executing(item("a"))
    agent = scene.run(scene.agent_on("a"))
    scene.complete(agent)
    assert scene.report(agent, seq=2) == []
    merge = scene.job(JobKind.MERGE)
    scene.merge()
    assert scene.do(ReportJob(job_id=merge, report=JobReport(done=JobDone())), RUNNER) == []
    scene.refuse("JOB_NOT_FOUND", ReportJob(job_id="job_x_1", report=JobReport(done=JobDone())), RUNNER)


def test_a_foreign_runner() -> None:
    """Only the runner that holds an agent reports of it."""
    scene = Scene().executing(item("a"))
    agent = scene.run(scene.agent_on("a"))
    command = ReportAgent(agent_id=agent, report_seq=2, report=AgentReport())
    assert scene.refuse("AGENT_NOT_YOURS", command, OTHER_RUNNER).metadata["runner_id"] == "runner-1"


def test_an_agent_keeps_to_its_pod_and_its_life() -> None:
    """An agent's token works in its own pod only, and no longer than the agent lives."""
    scene = Scene().executing(item("a"))
    agent = scene.run(scene.agent_on("a"))
    word = PostMessage(kind=MessageKind.UPDATE, content="Hello.")
    scene.do(word, scene.as_agent(agent))
    foreign = Scene("task_fedcba9876543210").executing(item("a"))
    foreign.refuse("CALLER_NOT_ALLOWED", word, scene.as_agent(agent))
    scene.refuse("CALLER_NOT_ALLOWED", UpdateSpec(content="# Mine"), scene.as_agent("agent_x_9"))
    scene.fail(agent)
    scene.refuse("CALLER_NOT_ALLOWED", word, scene.as_agent(agent))
