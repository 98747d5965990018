"""What is done for a job belongs to the trace of the call that led to it."""

from pathlib import Path

from podium.jobs.v1.job_events_pb2 import MergeOrder
from podium.pods.v1 import pod_pb2 as pods
from tests.runner.house import house
from tests.runner.repo import Repo

PERSONS = "a" * 32
MERGERS = "c" * 32
STORY = """
[[script]]
kind = "worker"
steps = [{ checklist = ["one"] }, { write = { path = "x.txt", content = "X" } }, { complete = "Done" }]
"""


async def test_the_trace_of_a_job_goes_on_in_the_runner(tmp_path: Path, repo: Repo) -> None:
    """The claim, every report, the agent's own calls and a job's outcome carry the job's trace; a bad one is not."""
    (tmp_path / "s.toml").write_text(STORY)
    async with house(tmp_path, repo) as at_home:
        await at_home.start_runner({"it": {"kind": "scripted", "scenario": str(tmp_path / "s.toml")}})
        launch = at_home.job(pods.JOB_KIND_LAUNCH)
        launch.launch.agent_id, launch.launch.profile, launch.launch.attempt = "agent_1", "it", 1
        launch.launch.kind, launch.launch.workstream_id = pods.AGENT_KIND_WORKER, "ws"
        await at_home.pods.issue(launch, traceparent=f"00-{PERSONS}-{'b' * 16}-01")
        await at_home.pods.end_of("agent_1")
        branch = (await at_home.pods.report("agent_1", "started")).started.branch
        order = MergeOrder(workstream_id="ws", attempt=1, branch=branch, title="X")
        merge = at_home.job(pods.JOB_KIND_MERGE, merge=order)
        await at_home.pods.issue(merge, "jobs/runner-1", traceparent=f"00-{MERGERS}-{'b' * 16}-01")
        assert (await at_home.pods.outcome(merge.job_id)).HasField("merged")
        bad = at_home.job(pods.JOB_KIND_MERGE, merge=order)
        await at_home.pods.issue(bad, "jobs/runner-1", traceparent="no trace\n")
        await at_home.pods.outcome(bad.job_id)
        traces = at_home.pods.traces
    assert {name for name, trace in traces if trace == PERSONS} == {"RegisterAgent", "ReportAgent", "UpdateChecklist"}
    first, second = (trace for name, trace in traces if name == "ReportJob")
    assert first == MERGERS
    assert second not in {PERSONS, MERGERS}
    assert all(trace == PERSONS for name, trace in traces if name != "ReportJob")
