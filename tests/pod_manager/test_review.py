"""Merging, verification, review, landing; autonomy."""

from podium.pod_manager.domain.commands.documents import (
    ApprovePlan,
    ApproveSpec,
    ReopenPlan,
    ReopenSpec,
    UpdatePlan,
    UpdateSpec,
)
from podium.pod_manager.domain.commands.lifecycle import CancelPod, ReportExternalSync, TransitionPhase
from podium.pod_manager.domain.commands.messages import PostMessage
from podium.pod_manager.domain.commands.review import ApproveReview, LandWork, ReportJob, RequestChanges
from podium.pod_manager.domain.commands.workstreams import RetryWorkstream, SkipWorkstream
from podium.pod_manager.domain.kinds import (
    AgentKind,
    Autonomy,
    ChecksResult,
    FailureCause,
    JobKind,
    Landing,
    MessageKind,
    Phase,
    WorkstreamStatus,
)
from podium.pod_manager.domain.phases import TABLE, diagram
from podium.pod_manager.domain.policy import Budget, Policy, ProfileChoice
from podium.pod_manager.domain.reports import ChangeRequest, JobBlocked, JobConflict, JobLanded, JobProposed, JobReport
from podium.pod_manager.domain.resources import ExternalSync
from podium.pod_manager.domain.waiting import waiting_on
from tests.pod_manager.scene import RUNNER, Scene, item

W = WorkstreamStatus
AUTONOMOUS = {"autonomy": Autonomy.AUTONOMOUS, "budget": Budget(tokens=10**6)}


def in_review(**policy: object) -> Scene:
    """A pod in REVIEW, verified, with two finished workstreams."""
    scene = Scene().executing(item("a"), item("b", "a"), **policy)
    scene.finish_workstream("a")
    scene.finish_workstream("b")
    scene.verify()
    return scene


def test_a_conflict_goes_to_a_resolver() -> None:
    """The next attempt is a RESOLVER of the branch that does not merge; spent attempts go to a person."""
    scene = Scene().executing(item("a"), max_attempts=2)
    first = scene.run(scene.agent_on("a"))
    scene.complete(first)
    scene.conflict("sums.py")
    resolver = scene.agent(scene.agent_on("a"))
    assert resolver.kind is AgentKind.RESOLVER
    launch = scene.open[scene.job(JobKind.LAUNCH)][1].launch
    assert launch is not None
    assert launch.conflict_branch == "podium/89abcdef-fix-the-sums/a.1"
    attempt = scene.pod.workstreams["a"].attempts[0]
    assert (attempt.cause, attempt.conflict_paths) == (FailureCause.CONFLICT, ("sums.py",))
    scene.complete(scene.run(resolver.id))
    scene.conflict("sums.py")
    assert scene.status("a") is W.FAILED
    scene.do(RetryWorkstream(workstream_id="a", feedback="Take ours."))
    assert scene.agent(scene.agent_on("a")).kind is AgentKind.WORKER


def test_red_checks_fail_the_attempt() -> None:
    """Their output is kept for the next prompt."""
    scene = Scene().executing(item("a"))
    scene.fail(scene.run(scene.agent_on("a")), FailureCause.CHECKS_FAILED, checks_output="1 failed")
    assert scene.pod.workstreams["a"].attempts[0].checks_output == "1 failed"


def test_a_merge_that_cannot_be_done() -> None:
    """It fails the attempt with its cause; the retry is a new one after its back-off."""
    scene = Scene().executing(item("a"))
    scene.complete(scene.run(scene.agent_on("a")))
    scene.job_failed(JobKind.MERGE)
    assert scene.pod.workstreams["a"].attempts[0].cause is FailureCause.WORKSPACE
    assert scene.waits() == {("COOLDOWN", "a")}


def test_approval_names_the_commit() -> None:
    """Another commit than the verified one is STALE_VERSION; then it lands, the pod is COMPLETED and released."""
    scene = Scene().executing(item("a"))
    scene.finish_workstream("a")
    assert ("RUNNER", "review") in scene.waits()
    scene.refuse("REVIEW_NOT_READY", ApproveReview(integration_commit="tip"))
    scene.verify()
    assert scene.inbox() == {"needs_approval:review"}
    scene.refuse("STALE_VERSION", ApproveReview(integration_commit="older"))
    scene.do(ApproveReview(integration_commit="tip"))
    land = scene.open[scene.job(JobKind.LAND)][1].land
    assert land is not None
    assert land.integration_commit == "tip"
    scene.refuse("REVIEW_NOT_READY", ApproveReview(integration_commit="tip"))
    scene.landed("on-main")
    assert (scene.phase(), scene.pod.review.landed_commit) == (Phase.COMPLETED, "on-main")
    assert scene.job(JobKind.RELEASE)


def test_not_verified_in_plain_sight() -> None:
    """Without checks, what waits for approval says NOT VERIFIED."""
    scene = Scene().executing(item("a"))
    scene.finish_workstream("a")
    scene.verify(ChecksResult.NONE)
    assert "NOT VERIFIED" in waiting_on(scene.pod)[0].text


def test_a_verification_that_cannot_be_done() -> None:
    """It says so, and is tried again after a pause."""
    scene = Scene().executing(item("a"))
    scene.finish_workstream("a")
    scene.job_failed(JobKind.VERIFY)
    assert scene.waits() == {("CHECKS", "review")}
    assert scene.inbox() == {"landing_blocked:review"}
    scene.wait(13)
    scene.verify()
    assert scene.inbox() == {"needs_approval:review"}


def test_requested_changes() -> None:
    """Workstreams open again with the comments as their next prompt; the review begins anew afterwards."""
    scene = in_review()
    changes = (ChangeRequest("a", "Name it better."), ChangeRequest("a", "And test it."))
    scene.do(RequestChanges(changes=changes))
    assert scene.phase() is Phase.WORKSTREAM_EXECUTION
    assert scene.in_progress() == {"a"}
    assert scene.pod.workstreams["a"].feedback == "Name it better.\n\nAnd test it."
    assert [m.kind for m in scene.pod.messages.values()] == [MessageKind.REVIEW_COMMENT] * 2
    assert not scene.pod.review.verified
    scene.finish_workstream("a")
    assert scene.phase() is Phase.REVIEW
    assert scene.job(JobKind.VERIFY)


def test_a_blocked_landing() -> None:
    """The cause stands in inbox and waiting_on; LandWork tries again."""
    scene = in_review()
    scene.refuse("REVIEW_NOT_READY", LandWork())
    scene.do(ApproveReview(integration_commit="tip"))
    assert scene.do(LandWork()) == []  # under way
    scene.report_job(JobKind.LAND, blocked=JobBlocked("the checkout is dirty: git stash"))
    assert scene.waits() == {("LANDING", "landing")}
    assert scene.inbox() == {"landing_blocked:landing"}
    scene.do(LandWork())
    scene.landed()
    assert scene.phase() is Phase.COMPLETED


def test_a_conflict_with_the_target() -> None:
    """A person's business, or a RESOLVER's where the policy names one: then the work is reviewed again."""
    scene = in_review()
    scene.do(ApproveReview(integration_commit="tip"))
    scene.report_job(JobKind.LAND, conflict=JobConflict(("a.py",)))
    assert scene.inbox() == {"conflict:landing"}
    scene = in_review(profiles=(ProfileChoice(AgentKind.RESOLVER, "fixer"),))
    scene.do(ApproveReview(integration_commit="tip"))
    scene.report_job(JobKind.LAND, conflict=JobConflict(("a.py",)))
    assert scene.phase() is Phase.WORKSTREAM_EXECUTION
    agent = scene.agent(scene.agent_on("target-conflict-1"))
    assert (agent.kind, agent.profile) == (AgentKind.RESOLVER, "fixer")
    launch = scene.open[scene.job(JobKind.LAUNCH)][1].launch
    assert launch is not None
    assert launch.conflict_branch == "main"
    scene.finish_workstream("target-conflict-1")
    scene.verify(commit="tip-2")
    assert scene.waits() == {("APPROVAL", "review")}


def test_landed_while_being_cancelled() -> None:
    """What landed did land, though the pod is CANCELLED."""
    scene = in_review()
    scene.do(ApproveReview(integration_commit="tip"))
    job = scene.job(JobKind.LAND)
    scene.do(CancelPod(reason="no"))
    scene.do(ReportJob(job_id=job, report=JobReport(landed=JobLanded("on-main"))), RUNNER)
    assert (scene.phase(), scene.pod.review.landed_commit) == (Phase.CANCELLED, "on-main")


def test_completing_without_landing() -> None:
    """A person may say that a pod in REVIEW is complete, with a reason."""
    scene = in_review()
    scene.refuse("EMPTY_CONTENT", TransitionPhase(to=Phase.COMPLETED))
    scene.do(TransitionPhase(to=Phase.COMPLETED, reason="landed by hand"))
    assert scene.pod.closing_reason == "landed by hand"


def test_sent_back_by_a_person() -> None:
    """Back in WORKSTREAM_EXECUTION the pod stays, and says so, until a person moves it on."""
    scene = in_review()
    scene.do(TransitionPhase(to=Phase.WORKSTREAM_EXECUTION, reason="wait"))
    assert scene.waits() == {("DECISION", "phase")}
    scene.do(TransitionPhase(to=Phase.REVIEW))
    assert scene.job(JobKind.VERIFY)


def test_retry_in_review() -> None:
    """A failed workstream may be retried from REVIEW, or skipped there."""
    scene = Scene().executing(item("a"), item("b"), max_attempts=1)
    scene.fail(scene.run(scene.agent_on("a")))
    scene.finish_workstream("b")
    assert scene.phase() is Phase.REVIEW
    scene.do(RetryWorkstream(workstream_id="a"))
    assert (scene.phase(), scene.in_progress()) == (Phase.WORKSTREAM_EXECUTION, {"a"})
    scene.fail(scene.run(scene.agent_on("a")))
    scene.do(SkipWorkstream(workstream_id="a"))
    assert scene.phase() is Phase.REVIEW


def test_reopening() -> None:
    """An approved document is reopened to edit it, which goes back a step; a new plan keeps what is done."""
    scene = Scene().executing(item("a"), item("b", "a"), item("c", "a"))
    scene.finish_workstream("a")
    scene.refuse("GUARD_NOT_MET", ReopenPlan())
    scene.refuse("INVALID_PHASE", ReopenSpec())
    for name in ("b", "c"):
        scene.fail(scene.run(scene.agent_on(name)))
    scene.do(ReopenPlan(reason="c is too large"))
    assert scene.phase() is Phase.PLANNING
    assert scene.waits() == {("DOCUMENT", "plan")}
    scene.do(UpdatePlan(items=(item("a"), item("b"), item("d", "b"))))
    scene.do(ApprovePlan(version=2))
    statuses = {name: scene.status(name) for name in "abcd"}
    assert statuses == {"a": W.COMPLETED, "b": W.IN_PROGRESS, "c": W.CANCELLED, "d": W.PENDING}
    scene = Scene()
    scene.open_pod(spec="# Spec", policy=Policy(auto_start_agents=False))
    scene.do(ApproveSpec(version=1))
    scene.do(ReopenSpec())
    assert (scene.phase(), scene.pod.live_agents) == (Phase.SPEC_CLARIFICATION, ())
    scene.do(UpdateSpec(content="# Better"))
    scene.do(ApproveSpec(version=2))
    assert scene.phase() is Phase.PLANNING


def test_autonomous() -> None:
    """The policy approves spec, plan and review, and is named as the one who did."""
    scene = Scene()
    scene.open_pod(policy=Policy(**AUTONOMOUS))
    writer = scene.run(scene.only_agent())
    scene.do(UpdateSpec(content="# Spec"), scene.as_agent(writer))
    assert scene.phase() is Phase.SPEC_CLARIFICATION  # its writer may still change it
    scene.complete(writer)
    planner = scene.run(scene.only_agent())
    scene.do(UpdatePlan(items=(item("a"),)), scene.as_agent(planner))
    scene.complete(planner)
    scene.finish_workstream("a")
    scene.verify()
    assert (scene.pod.spec.approved_by, scene.pod.plan.approved_by) == ("policy", "policy")
    assert scene.pod.review.approved_by == "policy"
    assert scene.job(JobKind.LAND)


def test_what_the_policy_never_grants() -> None:
    """Failed workstreams, red checks, a raised blocker: a person decides."""
    for spoil in ("failed", "red", "blocker"):
        scene = Scene()
        scene.open_pod(quick=True, policy=Policy(max_attempts=1, **AUTONOMOUS))
        worker = scene.run(scene.only_agent())
        if spoil == "blocker":
            scene.do(PostMessage(kind=MessageKind.BLOCKER, content="Unsafe."), scene.as_agent(worker))
        if spoil == "failed":
            scene.fail(worker)
        else:
            scene.complete(worker)
            scene.merge()
        scene.verify(ChecksResult.FAILED if spoil == "red" else ChecksResult.PASSED)
        assert not scene.pod.review.approved_commit, spoil
        assert ("APPROVAL", "review") in scene.waits(), spoil


def test_a_reviewer() -> None:
    """Where the policy names its profile, one REVIEWER looks at each verified commit before the policy grants it."""
    scene = Scene()
    profiles = (ProfileChoice(AgentKind.REVIEWER, "critic"),)
    scene.open_pod(quick=True, policy=Policy(profiles=profiles, **AUTONOMOUS))
    scene.complete(scene.run(scene.only_agent()))
    scene.merge()
    scene.verify()
    reviewer = scene.agent(scene.only_agent())
    assert (reviewer.kind, reviewer.profile) == (AgentKind.REVIEWER, "critic")
    assert not scene.pod.review.approved_commit
    scene.complete(scene.run(reviewer.id))
    assert scene.pod.review.approved_by == "policy"
    assert len(scene.pod.agents) == 2


def test_the_diagram_is_drawn_from_the_table() -> None:
    """Every way of the table is an arrow; CANCELLED is reached from everywhere but the ends."""
    drawn = diagram()
    for way in TABLE:
        assert f"{way.source.name} --> {way.target.name}: {way.guard_name}" in drawn
    assert drawn.count("--> CANCELLED") == 4


def test_landing_by_a_pull_request() -> None:
    """The order says so and brings its text; the pod waits until it is merged, and asks again when told to."""
    scene = in_review()
    scene.do(ApproveReview(integration_commit="tip", landing=Landing.PULL_REQUEST))
    order = scene.open[scene.job(JobKind.LAND)][1].land
    assert order is not None
    assert order.pull_request
    assert "- **Do a**: done" in order.body
    assert scene.pod.policy.landing is Landing.PULL_REQUEST
    sync = ExternalSync(provider="github", kind="pull_request", number=12, url="https://x/pull/12", state="open")
    scene.do(ReportExternalSync(external_sync=sync), RUNNER)
    scene.report_job(JobKind.LAND, proposed=JobProposed("tip"))
    (waiting,) = waiting_on(scene.pod)
    assert (waiting.kind.name, waiting.subject) == ("LANDING", "landing")
    assert "pull request 12 (open)" in waiting.text
    assert scene.inbox() == set()
    scene.do(LandWork())
    scene.landed("merged-there")
    assert (scene.phase(), scene.pod.review.landed_commit) == (Phase.COMPLETED, "merged-there")


def test_a_pull_request_that_a_person_opens() -> None:
    """Where nothing could open it, the inbox says where; a person may land on the target instead."""
    scene = in_review()
    scene.do(ApproveReview(integration_commit="tip", landing=Landing.PULL_REQUEST))
    sync = ExternalSync(provider="bitbucket", kind="pull_request", url="https://x/new", state="to_open", branch="b")
    scene.do(ReportExternalSync(external_sync=sync), RUNNER)
    scene.report_job(JobKind.LAND, proposed=JobProposed("tip"))
    assert scene.inbox() == {"landing_blocked:landing"}
    scene.do(LandWork(landing=Landing.TARGET))
    order = scene.open[scene.job(JobKind.LAND)][1].land
    assert order is not None
    assert not order.pull_request
    scene.landed()
    assert scene.phase() is Phase.COMPLETED


def test_changes_after_a_pull_request() -> None:
    """What people say there comes back as requested changes; the next approval proposes the new commit."""
    scene = in_review()
    scene.do(ApproveReview(integration_commit="tip", landing=Landing.PULL_REQUEST))
    scene.report_job(JobKind.LAND, proposed=JobProposed("tip"))
    scene.do(RequestChanges(changes=(ChangeRequest("a", "Name it better."),)))
    scene.finish_workstream("a")
    scene.verify(commit="tip-2")
    assert scene.pod.review.proposed_commit == ""
    scene.do(ApproveReview(integration_commit="tip-2"))
    order = scene.open[scene.job(JobKind.LAND)][1].land
    assert order is not None
    assert (order.integration_commit, order.pull_request) == ("tip-2", True)
