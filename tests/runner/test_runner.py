"""The runner as a whole: real store, real processes, real git; pods from a fake."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from podium.agents.v1.agent_service_pb2 import ReportProgressRequest
from podium.agents.v1.agent_service_pb2_grpc import AgentServiceStub
from podium.client.errors import PodiumError
from podium.events.v1.event_service_pb2 import ListLeasesRequest, ReleaseLeaseRequest
from podium.jobs.v1.job_events_pb2 import LandOrder, MergeOrder, ReleaseOrder
from podium.kernel.errors import precondition
from podium.kernel.identity import CallerKind, Identity
from podium.pods.v1 import pod_pb2 as pods
from podium.runner.layout import Layout
from podium.runner.processes import table
from podium.runner.wiring import AlreadyRunningError, hold_lock
from tests.runner.conftest import Repo
from tests.runner.house import POD, PREFIX, House, house


def scenario(path: Path, text: str) -> dict[str, object]:
    path.write_text(text)
    return {"it": {"kind": "scripted", "scenario": str(path)}}


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


@pytest.fixture
async def at_home(tmp_path: Path, repo: Repo):  # type: ignore[no-untyped-def]
    async with house(tmp_path, repo) as made:
        yield made


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


# -- how agents end --------------------------------------------------------------------------------------------------

SHELL = ["/bin/sh", "-c"]


def shell(text: str, **more: object) -> dict[str, object]:
    """A command profile that runs a shell script."""
    return {"kind": "command", "command": [*SHELL, text], **more}


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


# -- talking ---------------------------------------------------------------------------------------------------------

ASKING = """
[[script]]
steps = [
  { ask = { key = "colour", question = "Which colour?", wait = WAIT } },
  { write = { path = "colour.txt", content = "{{colour}}" } },
  { complete = "It is {{colour}}" },
]
"""


@pytest.mark.parametrize("wait", ["true", "false"])
async def test_an_answer_reaches_the_agent_that_asked(at_home: House, tmp_path: Path, wait: str) -> None:
    """It waits in its call, or ends its turn and is started again: the answer is there either way."""
    await at_home.start_runner(scenario(tmp_path / "s.toml", ASKING.replace("WAIT", wait)))
    await at_home.launch("agent_1")
    await at_home.pods.until(lambda p: p.calls("AskQuestion"))
    if wait == "false":
        await at_home.shown("agent_1", b"turn 1 ended")
    at_home.pods.answer(POD, "msg_colour", "red")
    order = {"agent_id": "agent_1", "message_id": "msg_colour", "text": "red"}
    job = await at_home.order(pods.JOB_KIND_INPUT, input=order)
    end = await at_home.pods.end_of("agent_1")
    assert end.completed.summary == "It is red"
    turns = sum(report.usage.turns for report in at_home.pods.reports("agent_1"))
    assert turns == (1 if wait == "true" else 2)
    assert (await at_home.pods.outcome(job.job_id)).HasField("done")


async def test_what_a_person_says_is_heard_once(at_home: House, tmp_path: Path) -> None:
    """A message to a running agent waits for its next look; it is given once, and then the job is done."""
    text = (
        "podium agent context > one; while ! grep -q hello one; do sleep 0.1; podium agent context > one; done; "
        "podium agent context > two; podium agent complete ok"
    )
    await at_home.start_runner({"it": shell(text)})
    await at_home.launch("agent_1")
    await at_home.pods.report("agent_1", "started")
    order = {"agent_id": "agent_1", "message_id": "msg_9", "text": "hello there"}
    job = await at_home.order(pods.JOB_KIND_INPUT, input=order)
    assert (await at_home.pods.outcome(job.job_id)).HasField("done")
    await at_home.pods.end_of("agent_1")
    worktree = next(at_home.data_dir.glob(f"runner/*/worktrees/{POD}/ws.1"))
    assert "hello there" in (worktree / "one").read_text()
    assert "hello there" not in (worktree / "two").read_text()


async def test_the_command_line_speaks_for_the_agent(at_home: House, tmp_path: Path) -> None:
    """Every verb, by the `podium` on the agent's PATH; wrong input is said with the right exit status."""
    text = """
    podium agent progress reading the code
    podium agent checklist "done: read" "doing: write"
    podium agent post --kind blocker "it hurts" > post.txt
    echo nonsense | podium agent submit-plan; echo $? > status.txt
    podium agent ask "Which?" --key k --wait 0; echo $? > pending.txt
    printf '# Spec' | podium agent submit-spec --draft
    podium agent complete the summary
    podium agent progress too late; echo $? > late.txt
    """
    await at_home.start_runner({"it": shell(text)})
    await at_home.launch("agent_1")
    end = await at_home.pods.end_of("agent_1")
    assert end.completed.summary == "the summary"
    assert at_home.pods.reports("agent_1", "progress")[0].progress.text == "reading the code"
    assert [i.text for i in at_home.pods.calls("UpdateChecklist")[0].items] == ["read", "write"]
    assert at_home.pods.calls("PostMessage")[0].kind == pods.MESSAGE_KIND_BLOCKER
    assert at_home.pods.calls("UpdateSpec")[0].draft
    worktree = next(at_home.data_dir.glob(f"runner/*/worktrees/{POD}/ws.1"))
    read = {name: (worktree / f"{name}.txt").read_text().strip() for name in ("post", "status", "pending", "late")}
    assert read == {"post": "msg_1", "status": "5", "pending": "7", "late": "5"}
    transcript = await at_home.transcript("agent_1")
    assert b"neither JSON nor TOML" in transcript


async def test_only_the_agent_itself_may_speak_for_it(at_home: House) -> None:
    """A person's token, another agent's, one of another pod, and none: each is refused."""
    await at_home.start_runner({"it": shell("sleep 100")})
    await at_home.launch("agent_1")
    await at_home.pods.report("agent_1", "started")
    request = ReportProgressRequest(text="x")
    for identity, reason in (
        (Identity(CallerKind.PERSON, "ann"), "CALLER_NOT_ALLOWED"),
        (Identity(CallerKind.AGENT, "agent_2", POD), "AGENT_NOT_FOUND"),
        (Identity(CallerKind.AGENT, "agent_1", "task_other"), "CALLER_NOT_ALLOWED"),
    ):
        client = at_home.connect(identity)
        stub = AgentServiceStub(client.channel(at_home.settings("runner").listen))
        with pytest.raises(PodiumError) as caught:
            await stub.ReportProgress(request)
        assert caught.value.reason == reason


async def test_secrets_do_not_reach_what_is_kept(at_home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent's own token and the keys it was given are masked in transcript and reports."""
    monkeypatch.setenv("MODEL_API_KEY", "sk-very-secret-1")
    text = 'echo key $MODEL_API_KEY token $PODIUM_AGENT_TOKEN; podium agent fail "with $MODEL_API_KEY"'
    await at_home.start_runner({"it": shell(text, env=["MODEL_*"])})
    await at_home.launch("agent_1")
    end = await at_home.pods.end_of("agent_1")
    assert end.failed.error == "with [redacted]"
    kept = await at_home.shown("agent_1", b"turn 1 ended")
    assert b"key [redacted] token [redacted]" in kept


# -- many at once, and things that die -------------------------------------------------------------------------------


async def test_agents_are_claimed_as_far_as_there_is_room(at_home: House, tmp_path: Path) -> None:
    """With room for one, the most urgent goes first and the next when it has ended."""
    await at_home.launch("agent_low")
    job = at_home.job(pods.JOB_KIND_LAUNCH)
    job.priority = 3
    job.launch.agent_id, job.launch.profile, job.launch.kind = "agent_high", "it", pods.AGENT_KIND_WORKER
    job.launch.workstream_id, job.launch.attempt = "other", 1
    await at_home.pods.issue(job)
    await at_home.start_runner({"it": shell("podium agent fail no")}, capacity=1)
    await at_home.pods.end_of("agent_low")
    kinds = [(name, getattr(r, "agent_id", "")) for name, r in at_home.pods.said if name == "RegisterAgent"]
    assert kinds == [("RegisterAgent", "agent_high"), ("RegisterAgent", "agent_low")]
    order = [r.agent_id for n, r in at_home.pods.said if n in ("RegisterAgent", "ReportAgent")]
    assert order.index("agent_low") == order.count("agent_high")


async def test_nothing_is_lost_while_the_pods_are_away(at_home: House, tmp_path: Path) -> None:
    """The agent goes on; what it said arrives in order when the pods are back."""
    text = (
        "touch started; while [ ! -e ../../../../../../go ]; do sleep 0.05; done; echo x > x; "
        "podium agent progress one; podium agent progress two; podium agent complete done"
    )
    await at_home.start_runner({"it": shell(text)})
    await at_home.launch("agent_1")
    await at_home.pods.report("agent_1", "started")
    at_home.pods.away = True
    (tmp_path / "go").touch()
    record = at_home.data_dir / "runner/runner-1/agents/agent_1/record.json"
    await until(lambda: json.loads(record.read_text())["ended"])
    assert at_home.pods.reports("agent_1", "progress") == []
    at_home.pods.away = False
    await at_home.pods.end_of("agent_1")
    assert [r.WhichOneof("kind") for r in at_home.pods.reports("agent_1")] == [
        "started",
        "progress",
        "progress",
        "completed",
    ]


async def test_a_stopped_runner_ends_its_agents_and_says_so(at_home: House) -> None:
    """An orderly stop leaves no process and no agent that is thought to live."""
    await at_home.start_runner({"it": shell("sleep 1000")})
    await at_home.launch("agent_1")
    started = (await at_home.pods.report("agent_1", "started")).started
    await at_home.stop_runner()
    assert table.members(started.process_id) == []
    assert (await at_home.pods.end_of("agent_1")).failed.cause == pods.FAILURE_CAUSE_LOST


async def test_a_lost_lease_is_taken_again_and_agents_are_said_to_live(at_home: House) -> None:
    """The lease is gone (the store was away): a new epoch, and each living agent is registered under it."""
    await at_home.start_runner({"it": shell("sleep 1000")})
    await at_home.launch("agent_1")
    await at_home.pods.report("agent_1", "started")
    service = at_home.connect(Identity(CallerKind.RUNNER, "runner-1"))
    first = at_home.pods.calls("RegisterAgent")[0].lease_epoch
    await service.event_store.ReleaseLease(ReleaseLeaseRequest(name="runner-1", epoch=first))
    again = await at_home.pods.until(lambda p: [r for r in p.calls("RegisterAgent") if not r.job_id])
    assert again[0].lease_epoch > first
    leases = (await service.event_store.ListLeases(ListLeasesRequest())).leases
    offered = next(lease.metadata for lease in leases if lease.name == "runner-1")
    assert {k: offered[k] for k in ("service", "pools", "profiles", "capacity")} == {
        "service": "runner",
        "pools": "default",
        "profiles": "it",
        "capacity": "4",
    }


async def test_a_second_runner_of_the_same_name_is_refused(at_home: House) -> None:
    """Two would claim under one name: the second says so and does not start."""
    await at_home.start_runner({"it": shell("true")})
    layout = Layout.of(at_home.data_dir, "runner-1")
    with pytest.raises(AlreadyRunningError, match="another process"):
        hold_lock(layout)


async def test_a_conflict_is_reported_with_its_paths(at_home: House, repo: Repo) -> None:
    """The second of two that changed one file does not merge; a resolver then finds it half-merged, and it merges."""
    profiles = {
        "a": shell("echo a > README.md", result="exit"),
        "b": shell("echo b > README.md", result="exit"),
        "both": shell("grep -q '<<<<<<<' README.md && echo both > README.md", result="exit"),
    }
    await at_home.start_runner(profiles)
    said = at_home.pods
    for name in ("a", "b"):
        await at_home.launch(f"agent_{name}", workstream=name, profile=name)
    for name in ("a", "b"):
        await said.end_of(f"agent_{name}")
    outcomes = []
    for name in ("a", "b"):
        order = MergeOrder(workstream_id=name, attempt=1, branch=f"{PREFIX}/{name}.1", title=name)
        job = await at_home.order(pods.JOB_KIND_MERGE, merge=order)
        outcomes.append(await said.outcome(job.job_id))
    assert outcomes[0].HasField("merged")
    assert list(outcomes[1].conflict.paths) == ["README.md"]
    branch = f"{PREFIX}/b.1"
    await at_home.launch("agent_r", "resolver", "b", 2, profile="both", conflict_branch=branch)
    assert (await said.end_of("agent_r")).WhichOneof("kind") == "completed"
    order = MergeOrder(workstream_id="b", attempt=2, branch=f"{PREFIX}/b.2", title="b")
    job = await at_home.order(pods.JOB_KIND_MERGE, merge=order)
    merged = (await said.outcome(job.job_id)).merged.integration_commit
    assert repo.show(f"{merged}:README.md") == "both"


# -- a runner that is killed -----------------------------------------------------------------------------------------


class Process:
    """`python -m podium.runner`, as the supervisor starts it."""

    def __init__(self, house: House, profiles: str) -> None:
        (house.data_dir / "podium.toml").write_text(f"[runner]\ngrace_seconds = 1\n{profiles}")
        path = os.pathsep.join(p for p in sys.path if p)
        self._arguments = [sys.executable, "-m", "podium.runner", "--data-dir", str(house.data_dir)]
        self._environment = {**os.environ, "PYTHONPATH": path}
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._arguments, env=self._environment)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait() == 0


async def test_a_killed_runner_accounts_for_its_agents(at_home: House, repo: Repo) -> None:
    """SIGKILL with two agents at work: one is LOST and its process ended, the other had said complete and counts."""
    script = "echo x > x.txt; podium agent complete done; sleep 1000"
    profiles = (
        '[profiles.hangs]\ncommand = ["/bin/sh", "-c", "sleep 1000"]\n'
        f'[profiles.done]\nsettle_seconds = 600\ncommand = ["/bin/sh", "-c", "{script}"]\n'
    )
    runner = Process(at_home, profiles)
    await at_home.launch("agent_1", workstream="a", profile="hangs")
    await at_home.launch("agent_2", workstream="b", profile="done")
    pids = [(await at_home.pods.report(a, "started")).started.process_id for a in ("agent_1", "agent_2")]
    record = at_home.data_dir / "runner/runner-1/agents/agent_2/record.json"
    await until(lambda: json.loads(record.read_text())["verdict"] == "complete")
    runner.kill()
    assert all(table.members(pid) for pid in pids), "the victims had work under way"
    runner.start()
    try:
        assert (await at_home.pods.end_of("agent_1")).failed.cause == pods.FAILURE_CAUSE_LOST
        completed = (await at_home.pods.end_of("agent_2")).completed
        assert completed.summary == "done"
        assert repo.show(f"{completed.commit}:x.txt") == "x"
        assert not any(table.members(pid) for pid in pids)
        assert len(at_home.pods.reports("agent_2", "completed")) == 1
    finally:
        runner.stop()


async def until(done: Callable[[], object]) -> None:
    """Wait for a state that nobody announces."""
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.02)
