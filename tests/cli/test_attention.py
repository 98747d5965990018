"""The board, the inbox, the policy, the explanation: what people are told and may set."""

import asyncio
import io
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from podium.cli.commands.board import line, needs
from podium.cli.exits import CliError
from podium.cli.notify import Notifier
from podium.cli.views import attention, policy_text
from podium.cli.views.next_steps import for_item, next_steps
from podium.pods.v1 import pod_pb2
from tests.cli import pods

NOW = 1_700_000_100.0
WAIT = pod_pb2.WaitingOn(kind=pod_pb2.WAITING_KIND_APPROVAL, subject="plan", text="approval of plan v3")


def text_of(renderable: RenderableType) -> str:
    out = io.StringIO()
    Console(file=out, width=160, no_color=True).print(renderable)
    return out.getvalue()


def test_explanation() -> None:
    """Each cause, each agent at work, each order that stands with a runner, and what comes next."""
    pod = pods.pod(
        waiting_on=[WAIT],
        agents=[pod_pb2.Agent(id="agent_1", workstream_id="a", status=pod_pb2.AGENT_STATUS_RUNNING)],
        workstreams=[pods.workstream("b", "BLOCKED", blocked_on=["a"])],
        jobs=[pod_pb2.Job(id="job_1", kind=pod_pb2.JOB_KIND_MERGE, stream="jobs/runner-1")],
    )
    pod.scheduler.pending_action = "b starts"
    told = text_of(attention.explanation(pod, NOW))
    for words in (
        "at work: agent_1 on a, running",
        "waits: approval of plan v3",
        "b: blocked, by a",
        "order job_1 (merge) stands in jobs/runner-1",
        "next: b starts",
    ):
        assert words in told


def test_a_pod_that_ended_is_explained_too() -> None:
    """Nothing waits, and that is said."""
    assert "it has ended" in text_of(attention.explanation(pods.pod(phase=pod_pb2.PHASE_COMPLETED), NOW))


def test_board_and_inbox() -> None:
    """A row a pod, a row an item."""
    pod = pod_pb2.PodSummary(number=7, title="Mend", attention=1, waiting_on=[WAIT], phase=pod_pb2.PHASE_PLANNING)
    assert "approval of plan v3" in text_of(attention.board_table([pod], NOW))
    assert line(pod) == "#7  planning  Mend  (approval of plan v3)"
    item = pod_pb2.InboxItem(id="x", reason=pod_pb2.INBOX_REASON_NEEDS_APPROVAL, text="The plan waits.")
    assert "needs approval" in text_of(attention.inbox_table([(pods.pod(), item)], NOW))


def test_policy_both_ways() -> None:
    """What is shown can be given back; a profile joins those that stand; the mask names just what was said."""
    policy = pod_pb2.Policy(max_attempts=3, profiles=[pod_pb2.ProfileChoice(profile="claude")])
    policy.retry_backoff.FromSeconds(90)
    shown = policy_text.plain_policy(policy)
    assert (shown["max_attempts"], shown["retry_backoff"], shown["profile"]) == ("3", "90s", "claude")
    made, paths = policy_text.parse(
        [
            ("autonomy", "autonomous"),
            ("budget.tokens", "1000"),
            ("agent_time_limit", "2h"),
            ("auto_start_agents", "no"),
            ("profile.worker", "codex"),
        ],
        policy,
    )
    assert paths == ["autonomy", "budget.tokens", "agent_time_limit", "auto_start_agents", "profiles"]
    assert made.autonomy == pod_pb2.AUTONOMY_AUTONOMOUS
    assert (made.budget.tokens, made.agent_time_limit.seconds) == (1000, 7200)
    assert made.HasField("auto_start_agents")
    assert not made.auto_start_agents
    assert {choice.profile for choice in made.profiles} == {"claude", "codex"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("speed", "1"),
        ("autonomy", "wild"),
        ("max_attempts", "many"),
        ("retry_backoff", "soon"),
        ("auto_start_agents", "perhaps"),
        ("profile.king", "x"),
    ],
)
def test_policy_refuses(name: str, value: str) -> None:
    """What is no rule, or no value of it, is said."""
    with pytest.raises(CliError):
        policy_text.parse([(name, value)], pod_pb2.Policy())


async def test_a_need_is_told_once(tmp_path: Path) -> None:
    """The command runs once for each need; one that went and came again is told again."""
    told = tmp_path / "told"
    pod = pod_pb2.PodSummary(number=7, title="Mend", attention=1, waiting_on=[WAIT], phase=pod_pb2.PHASE_PLANNING)
    async with Notifier(f'echo "$PODIUM_NUMBER $PODIUM_NEED" >> {told}') as notifier:
        for asked in ([*needs(pod)], [*needs(pod)], [], [*needs(pod)]):
            notifier.look("task_1", 7, "Mend", asked)
        async with asyncio.timeout(20):
            while not told.exists() or len(told.read_text().splitlines()) < 2:
                await asyncio.sleep(0.01)
    assert told.read_text() == "7 approval of plan v3\n" * 2


def waits(kind: str, subject: str) -> pod_pb2.WaitingOn:
    return pod_pb2.WaitingOn(kind=pod_pb2.WaitingKind.Value(f"WAITING_KIND_{kind}"), subject=subject, text="x")


def test_what_can_be_done_is_a_command() -> None:
    """For everything that only a person can settle, once; nothing where it goes on by itself."""
    pod = pods.pod(
        number=4,
        workstreams=[pods.workstream("money", "FAILED")],
        waiting_on=[
            waits("APPROVAL", "review"),
            waits("ANSWER", "msg_1"),
            waits("ANSWER", "msg_2"),
            waits("DECISION", "money"),
            waits("DECISION", "phase"),
            waits("RUNNER", "runner"),
            waits("RUNNER", "agent_1"),
            waits("COOLDOWN", "money"),
        ],
    )
    assert next_steps(pod) == [
        "podium show review 4, then podium approve 4",
        "podium answer 4",
        "podium retry 4 money, or podium skip 4 money",
        "podium advance 4, or podium cancel 4",
        "podium status; podium policy 4 profile=…",
    ]
    assert "→ podium answer 4" in text_of(attention.explanation(pod, NOW))


@pytest.mark.parametrize("reason", [name for name in pod_pb2.InboxReason.keys() if not name.endswith("UNSPECIFIED")])  # noqa: SIM118
def test_every_item_of_the_inbox_says_what_to_do(reason: str) -> None:
    """No reason without a next step."""
    item = pod_pb2.InboxItem(id="x", subject="spec", reason=pod_pb2.InboxReason.Value(reason), text="It waits.")
    told = for_item(pods.pod(number=4), item)
    assert "podium" in told
    assert "{" not in told
    assert f"→ {told}" in text_of(attention.inbox_table([(pods.pod(number=4), item)], NOW))


def test_the_tables_fit_eighty_columns() -> None:
    """A board and an inbox of long titles and texts: no line is longer, and what is waited for can still be read."""
    summary = pod_pb2.PodSummary(
        number=12,
        title="Mend the sums of the shop and keep the checkout right for customers everywhere",
        attention=1,
        agents_running=3,
        workstreams_total=12,
        waiting_on=[waits("APPROVAL", "spec")],
        phase=pod_pb2.PHASE_SPEC_CLARIFICATION,
    )
    item = pod_pb2.InboxItem(id="x", subject="spec", reason=pod_pb2.INBOX_REASON_NEEDS_APPROVAL, text="word " * 30)
    for table in (
        attention.board_table([summary], NOW),
        attention.inbox_table([(pods.pod(number=12, title=summary.title), item)], NOW),
    ):
        out = io.StringIO()
        Console(file=out, width=80, no_color=True).print(table)
        lines = out.getvalue().splitlines()
        assert max(len(line) for line in lines) <= 80
        assert len(lines) <= 10


def test_rules_that_bind_nothing_are_none() -> None:
    """Both ways."""
    policy = pod_pb2.Policy()
    assert policy_text.plain_policy(policy)["budget.tokens"] == "none"
    values, paths = policy_text.parse([("budget.tokens", "none"), ("budget.agent_time", "none")], policy)
    assert (values.budget.tokens, values.budget.agent_time.seconds) == (0, 0)
    assert paths == ["budget.tokens", "budget.agent_time"]
