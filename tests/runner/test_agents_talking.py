"""What agents and people say to each other: real store, real processes, real git; pods from a fake."""

from pathlib import Path

import pytest

from podium.agents.v1.agent_service_pb2 import ReportProgressRequest
from podium.agents.v1.agent_service_pb2_grpc import AgentServiceStub
from podium.client.errors import PodiumError
from podium.kernel.identity import CallerKind, Identity
from podium.pods.v1 import pod_pb2 as pods
from tests.runner.helpers import scenario, shell
from tests.runner.house import POD, House

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
