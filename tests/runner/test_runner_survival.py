"""Many agents at once, and things that die: real store, real processes, real git; pods from a fake."""

import json
from pathlib import Path

import pytest

from podium.events.v1.event_service_pb2 import ListLeasesRequest, ReleaseLeaseRequest
from podium.jobs.v1.job_events_pb2 import MergeOrder
from podium.kernel.identity import CallerKind, Identity
from podium.pods.v1 import pod_pb2 as pods
from podium.runner.layout import Layout
from podium.runner.processes import table
from podium.runner.wiring import AlreadyRunningError, hold_lock
from tests.runner.helpers import Process, shell, until
from tests.runner.house import PREFIX, House
from tests.runner.repo import Repo


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
