"""The runner as a whole: real store, real processes, real git; pods from a fake."""

import json
from pathlib import Path

from podium.jobs.v1.job_events_pb2 import LandOrder, MergeOrder, ReleaseOrder
from podium.kernel.errors import precondition
from podium.pods.v1 import pod_pb2 as pods
from podium.runner.processes import table
from tests.runner.helpers import SHELL, scenario, shell, until
from tests.runner.house import POD, PREFIX, House
from tests.runner.repo import Repo

STORY = """
[[script]]
kind = "spec_writer"
steps = [{ progress = "Thinking" }, { submit_spec = { content = "# Spec" } }, { complete = "Written" }]

[[script]]
kind = "planner"
steps = [
  { submit_plan = { summary = "Two", items = [{ id = "a", title = "A" }, { id = "b", title = "B" }] } },
  { complete = "Planned" },
]

[[script]]
kind = "worker"
workstream = "a"
steps = [
  { checklist = ["doing: a"] },
  { replace = { path = "src/a.txt", old = "a", new = "A" } },
  { commit = "Write A" },
  { write = { path = "left.txt", content = "left" } },
  { complete = "A is done" },
]

[[script]]
kind = "worker"
workstream = "b"
steps = [{ write = { path = "src/b.txt", content = "B" } }, { commit = "Write B" }, { complete = "B is done" }]
"""


async def test_from_claims_to_a_landed_commit(at_home: House, repo: Repo, tmp_path: Path) -> None:
    """Spec and plan are handed in, two workers work in parallel, and their work is merged, verified and landed."""
    repo.commit("checks", {".podium.toml": 'checks = "test -f README.md"\n'})
    base = repo.head()
    await at_home.start_runner(scenario(tmp_path / "s.toml", STORY))
    said = at_home.pods
    await at_home.launch("agent_1", "spec_writer")
    assert (await said.end_of("agent_1")).completed.summary == "Written"
    assert said.calls("UpdateSpec")[0].content == "# Spec"
    assert (await said.report("agent_1", "started")).started.base_commit == base
    assert (await said.report("agent_1", "progress")).progress.text == "Thinking"
    await at_home.launch("agent_2", "planner")
    await said.end_of("agent_2")
    assert [i.id for i in said.calls("UpdatePlan")[0].items] == ["a", "b"]
    await at_home.launch("agent_3", workstream="a")
    await at_home.launch("agent_4", workstream="b")
    for agent, branch in (("agent_3", "a.1"), ("agent_4", "b.1")):
        end = await said.end_of(agent)
        assert end.completed.commit == repo.head(f"{PREFIX}/{branch}")
        assert end.completed.checks == pods.CHECKS_RESULT_PASSED
    assert said.calls("UpdateChecklist")[0].items[0].text == "a"
    for name in ("a", "b"):
        order = MergeOrder(workstream_id=name, attempt=1, branch=f"{PREFIX}/{name}.1", title=name.upper())
        job = await at_home.order(pods.JOB_KIND_MERGE, merge=order)
        merged = (await said.outcome(job.job_id)).merged.integration_commit
        assert merged == repo.head(f"{PREFIX}/integration")
    job = await at_home.order(pods.JOB_KIND_VERIFY)
    verified = (await said.outcome(job.job_id)).verified
    assert (verified.integration_commit, verified.checks) == (merged, pods.CHECKS_RESULT_PASSED)
    assert verified.files_changed == 3
    job = await at_home.order(pods.JOB_KIND_LAND, land=LandOrder(integration_commit=merged, title="Title"))
    assert (await said.outcome(job.job_id)).landed.commit == merged
    assert repo.head("main") == merged
    assert (repo.path / "src/a.txt").read_text() == "A\n"
    assert (repo.path / "left.txt").exists()
    assert repo.git("status", "--porcelain") == ""
    job = await at_home.order(pods.JOB_KIND_RELEASE, release=ReleaseOrder(keep_failed=True))
    await said.outcome(job.job_id)
    assert repo.git("branch", "--list", "podium/*") == ""
    assert len(repo.git("worktree", "list").splitlines()) == 1


ENDS = {
    "exit-3": (shell("echo broken; exit 3"), "EXIT_STATUS", "broken"),
    "no-result": (shell("echo hm"), "NO_RESULT", "without saying"),
    "no-changes": (shell("true", result="exit"), "NO_CHANGES", ""),
    "login": (shell("echo 'Invalid API key'; exit 1"), "LOGIN_FAILED", ""),
    "time": (shell("sleep 100", time_limit_seconds=0.3), "TIME_LIMIT", ""),
    "output": (shell("yes", output_limit_bytes=100000), "OUTPUT_LIMIT", ""),
    "missing": ({"command": ["no-such-program"]}, "START_FAILED", "no-such-program"),
    "red": (shell("echo x > bad", result="exit"), "CHECKS_FAILED", "bad"),
}


async def test_every_bad_end_has_its_cause(at_home: House, repo: Repo) -> None:
    """Exit status, silence, no change, limits, a missing program, red checks: each is said, with its words."""
    repo.commit("checks", {".podium.toml": 'checks = "test ! -e bad || { echo bad is there; exit 1; }"\n'})
    await at_home.start_runner({name: profile for name, (profile, _, _) in ENDS.items()}, capacity=4)
    for name in ENDS:
        await at_home.launch(f"agent_{name}", workstream=name, profile=name)
    for name, (_, cause, said) in ENDS.items():
        failed = (await at_home.pods.end_of(f"agent_{name}")).failed
        assert pods.FailureCause.Name(failed.cause) == f"FAILURE_CAUSE_{cause}", name
        assert said in failed.error + failed.checks_output


async def test_an_exit_status_can_be_the_result(at_home: House, repo: Repo) -> None:
    """`result = "exit"`: what a worker printed is its summary, what a document agent left its document."""
    plan = json.dumps({"summary": "S", "items": [{"id": "a", "title": "A"}]})
    profiles = {
        "worker": shell("echo x > new.txt; echo all done", result="exit", output="stdout"),
        "spec": shell("echo '# The spec'", result="exit", output="stdout"),
        "plan": shell(f"echo noise; echo '{plan}' > $PODIUM_OUTPUT", result="exit"),
    }
    await at_home.start_runner(profiles)
    await at_home.launch("agent_1", "spec_writer", profile="spec")
    await at_home.pods.end_of("agent_1")
    assert at_home.pods.calls("UpdateSpec")[0].content == "# The spec"
    await at_home.launch("agent_2", "planner", profile="plan")
    assert (await at_home.pods.end_of("agent_2")).WhichOneof("kind") == "completed"
    assert at_home.pods.calls("UpdatePlan")[0].items[0].id == "a"
    await at_home.launch("agent_3", profile="worker")
    completed = (await at_home.pods.end_of("agent_3")).completed
    assert completed.summary == "all done"
    assert repo.show(f"{completed.commit}:new.txt") == "x"


async def test_a_silent_turn_gets_one_reminder(at_home: House) -> None:
    """Where the profile can go on: a second turn with a reminder in its instructions, then NO_RESULT."""
    profile = shell("echo first", resume=[*SHELL, "grep -c Reminder $PODIUM_INSTRUCTIONS"])
    await at_home.start_runner({"it": profile})
    await at_home.launch("agent_1")
    end = await at_home.pods.end_of("agent_1")
    assert end.failed.cause == pods.FAILURE_CAUSE_NO_RESULT
    assert sum(report.usage.turns for report in at_home.pods.reports("agent_1")) == 2
    assert "1" in end.failed.error.splitlines()


async def test_a_repository_may_bring_its_own_instructions(at_home: House, repo: Repo) -> None:
    """`.podium/prompts/worker.md` of the base commit takes the place of ours; here read in a terminal."""
    repo.commit("prompt", {".podium/prompts/worker.md": "House rules for {{workstream_id}}.\n"})
    text = "test -t 0 && test -t 1 && cat $PODIUM_INSTRUCTIONS && echo x > x && podium agent complete ok"
    await at_home.start_runner({"it": shell(text, pty=True)})
    await at_home.launch("agent_1")
    assert (await at_home.pods.end_of("agent_1")).completed.summary == "ok"
    assert b"House rules for ws." in await at_home.shown("agent_1", b"turn 1 ended")


async def test_an_unknown_profile_at_home_fails_with_what_there_is(at_home: House) -> None:
    """In the pool another runner may have it; at home there is nobody else."""
    await at_home.start_runner({"it": shell("true")})
    job = at_home.job(pods.JOB_KIND_LAUNCH)
    job.launch.agent_id, job.launch.profile, job.launch.kind = "agent_1", "other", pods.AGENT_KIND_WORKER
    await at_home.pods.issue(job, "jobs/runner-1")
    failed = (await at_home.pods.end_of("agent_1")).failed
    assert failed.cause == pods.FAILURE_CAUSE_START_FAILED
    assert "it has: it" in failed.error


async def test_an_interrupt_ends_all_of_it_and_keeps_its_work(at_home: House, repo: Repo) -> None:
    """The process group is gone, the pod hears `interrupted` before the job is done, and the work is committed."""
    await at_home.start_runner({"it": shell("echo half > half.txt; sleep 1000 & sleep 1000")})
    await at_home.launch("agent_1")
    started = (await at_home.pods.report("agent_1", "started")).started
    worktree = next(at_home.data_dir.glob(f"runner/*/worktrees/{POD}/ws.1"))
    await until((worktree / "half.txt").exists)
    job = await at_home.order(pods.JOB_KIND_INTERRUPT, interrupt={"agent_id": "agent_1", "reason": "stop it"})
    await at_home.pods.outcome(job.job_id)
    assert at_home.pods.reports("agent_1", "interrupted")[0].interrupted.reason == "stop it"
    assert table.members(started.process_id) == []
    assert repo.show(f"{PREFIX}/ws.1:half.txt") == "half"


async def test_a_refused_report_ends_the_process(at_home: House) -> None:
    """The pod gave the agent up (it was LOST): its process has nothing left to do."""
    await at_home.start_runner({"it": shell("sleep 1000")})
    at_home.pods.refusals["agent_1"] = precondition("AGENT_ALREADY_TERMINAL", "it is lost", status="LOST")
    await at_home.launch("agent_1")
    journal = at_home.data_dir / "runner/runner-1/processes"
    record = at_home.data_dir / "runner/runner-1/agents/agent_1/record.json"
    await until(lambda: record.exists() and json.loads(record.read_text())["ended"])
    assert list(journal.glob("*.json")) == []
    assert at_home.pods.reports("agent_1") == []
