"""Permissions and confinement of ACP agents: a scripted agent, good and bad; pods from a fake."""

from pathlib import Path

import pytest

from podium.jobs.v1.job_events_pb2 import InterruptOrder
from podium.pods.v1 import pod_pb2 as pods
from podium.runner.processes import table
from tests.runner.acp import DONE, WRITE, answer, heard, question, scripted, updates
from tests.runner.house import POD, House
from tests.runner.repo import Repo

EDIT = {"title": "Write it", "kind": "edit", "locations": [{"path": "new.txt"}]}
RUN = {"title": "make test", "kind": "execute", "rawInput": {"command": "make test"}}


def policy(home: House, mode: "pods.PermissionMode.ValueType") -> None:
    home.pods.pods[POD].policy.permissions = mode


# -- permissions -----------------------------------------------------------------------------------------------------


async def test_a_policy_answers_at_once(at_home: House, tmp_path: Path) -> None:
    """`edits`: a change of the worktree is granted, once; nobody is asked, and the transcript says who allowed it."""
    await at_home.start_runner({"it": scripted(tmp_path, [{"permission": EDIT}, DONE])})
    await at_home.launch("agent_1")
    assert (await at_home.pods.end_of("agent_1")).HasField("completed")
    assert heard(tmp_path)[0]["result"]["outcome"] == {"outcome": "selected", "optionId": "a1"}
    assert not at_home.pods.calls("AskQuestion")
    (granted,) = await updates(at_home, "agent_1", "permission")
    assert (granted.tool, granted.by, granted.choice) == ("edit in the worktree", "policy", "Allow")


CHOICES = {"Allow": "a1", "Always: Allow all": "a2", "Reject": "r1"}


@pytest.mark.parametrize("choice", CHOICES)
async def test_what_the_policy_leaves_open_is_asked(at_home: House, tmp_path: Path, choice: str) -> None:
    """The question carries the agent's own options; the one that people choose goes back; only the lasting one begins
    with "always", by which the pod knows a grant."""
    await at_home.start_runner({"it": scripted(tmp_path, [{"permission": RUN}, WRITE, DONE])})
    await at_home.launch("agent_1")
    asked = await question(at_home)
    assert list(asked.options) == list(CHOICES)
    assert asked.permission_tool == "run make test"
    assert "`make test`" in asked.content
    assert asked.blocking
    await answer(at_home, asked, choice)
    await at_home.pods.end_of("agent_1")
    assert heard(tmp_path)[0]["result"]["outcome"]["optionId"] == CHOICES[choice]


async def test_a_grant_of_the_pod_allows_once(at_home: House, tmp_path: Path) -> None:
    """What the pod grants it can take back: the agent is not told to remember it."""
    await at_home.start_runner({"it": scripted(tmp_path, [{"permission": RUN}, WRITE, DONE])})
    await at_home.launch("agent_1")
    await answer(at_home, await question(at_home), "Always: Allow all", by="policy")
    await at_home.pods.end_of("agent_1")
    assert heard(tmp_path)[0]["result"]["outcome"]["optionId"] == "a1"


async def test_a_policy_that_is_changed_counts_for_the_next_request(at_home: House, tmp_path: Path) -> None:
    """`ask` asks for an edit too; `allow` grants what was asked before."""
    policy(at_home, pods.PERMISSION_MODE_ASK)
    await at_home.start_runner({"it": scripted(tmp_path, [{"permission": EDIT}, {"permission": RUN}, DONE])})
    await at_home.launch("agent_1")
    asked = await question(at_home, "edit")
    policy(at_home, pods.PERMISSION_MODE_ALLOW)
    await answer(at_home, asked, "Allow")
    assert (await at_home.pods.end_of("agent_1")).HasField("completed")
    assert len(at_home.pods.calls("AskQuestion")) >= 1
    assert all(q.permission_tool == "edit in the worktree" for q in at_home.pods.calls("AskQuestion"))


async def test_an_interrupt_cancels_what_is_asked(at_home: House, tmp_path: Path) -> None:
    """The request is answered cancelled, the session is cancelled, the question is withdrawn, nothing of it is left."""
    await at_home.start_runner({"it": scripted(tmp_path, [{"permission": RUN}, {"until_cancelled": 0}])})
    await at_home.launch("agent_1")
    asked = await question(at_home)
    pid = (await at_home.pods.report("agent_1", "started")).started.process_id
    job = await at_home.order(pods.JOB_KIND_INTERRUPT, interrupt=InterruptOrder(agent_id="agent_1", reason="enough"))
    assert (await at_home.pods.end_of("agent_1")).interrupted.reason == "enough"
    assert (await at_home.pods.outcome(job.job_id)).HasField("done")
    assert heard(tmp_path)[0]["result"]["outcome"] == {"outcome": "cancelled"}
    assert len(heard(tmp_path, "session/cancel")) == 1
    assert at_home.pods.calls("ResolveThread")[0].thread_id == f"msg_{asked.question_key}"
    assert not table.members(pid)


# -- confinement -----------------------------------------------------------------------------------------------------


async def test_files_are_those_of_the_worktree(at_home: House, repo: Repo, tmp_path: Path) -> None:
    """Reading and writing through the protocol stays in the worktree: no `..`, no link out, nothing of git's."""
    outside = tmp_path / "outside.txt"
    outside.write_text("secret of the outside\n")
    repo.commit("links", {"README.md": "one\ntwo\nthree\n"})
    (repo.path / "link").symlink_to(outside)
    (repo.path / "folder").symlink_to(tmp_path)
    repo.git("add", "--all")
    repo.git("commit", "-qm", "links")
    bad = ["../out.txt", str(outside), "link", "folder/out.txt", ".git", "a/../../out.txt", "."]
    steps = [{"write": {"path": path, "content": "x"}} for path in bad]
    steps += [{"read": {"path": path}} for path in bad]
    steps += [
        {"write": {"path": "deep/er/ein Name.txt", "content": "ü\n"}},
        {"read": {"path": "README.md", "line": 2, "limit": 1}},
        {"terminal": "touch terminal.txt"},
        DONE,
    ]
    await at_home.start_runner({"it": scripted(tmp_path, steps)})
    await at_home.launch("agent_1")
    completed = (await at_home.pods.end_of("agent_1")).completed
    answers = heard(tmp_path)
    assert all("error" in each for each in answers[: 2 * len(bad)])
    assert "error" not in answers[2 * len(bad)]
    assert answers[2 * len(bad) + 1]["result"] == {"content": "two"}
    assert "error" in answers[-1]
    assert outside.read_text() == "secret of the outside\n"
    assert not (tmp_path / "out.txt").exists()
    assert repo.git("diff", "--name-only", "-z", "main", completed.commit) == "deep/er/ein Name.txt\0"
    assert b"secret of the outside" not in await at_home.transcript("agent_1")


async def test_secrets_are_masked_also_in_pieces(at_home: House, tmp_path: Path) -> None:
    """What a session says of a known secret is masked where it is kept, even when it comes in pieces."""
    steps = [{"say": "my key is sk-12"}, {"say": "3456789"}, {"say": " ok"}, {"log": "key sk-1"}, {"log": "23456789\n"}]
    steps += [WRITE, DONE]
    await at_home.start_runner({"it": scripted(tmp_path, steps, set_env={"SOME_API_KEY": "sk-123456789"})})
    await at_home.launch("agent_1")
    await at_home.pods.end_of("agent_1")
    shown = await at_home.shown("agent_1", b"turn 1 ended")
    assert shown.count(b"[redacted]") == 2
    assert b" ok\n" in shown
    assert b"! key [redacted]\n" in shown
    assert b"sk-123456789" not in shown
