"""The runner as a whole: real store, real processes, real git; pods from a fake."""

from pathlib import Path

import pytest

from podium.jobs.v1.job_events_pb2 import LandOrder, MergeOrder, ReleaseOrder
from podium.pods.v1 import pod_pb2 as pods
from tests.runner.conftest import Repo
from tests.runner.house import PREFIX, House, house


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
