"""The pure views: what a state becomes for people and programs."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from podium.cli.exits import CliError
from podium.cli.views import board, documents, narration, plan_text, words
from podium.cli.views import pod as pod_view
from podium.cli.views.decisions import decisions
from podium.cli.views.plain import plain, word
from podium.events.v1 import event_pb2
from podium.pods.v1 import pod_events_pb2, pod_pb2
from tests.cli import pods

NOW = 1_700_000_100.0


def text_of(renderable: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=140, no_color=True)
    console.print(renderable)
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (8.4, "8 s"), (60, "1 min"), (3900, "1 h 5 min"), (3 * 86400 + 3700, "3 d 1 h"), (86401, "1 d")],
)
def test_durations_in_two_units(seconds: float, text: str) -> None:
    """A duration is at most two units, and never negative."""
    assert words.duration(seconds) == text


def test_plain_keeps_numbers_and_shortens_enums() -> None:
    """JSON has numbers as numbers, times as ISO text, durations as seconds, enums as words, absent messages as null."""
    pod = pods.pod(agents=[pod_pb2.Agent(id="a", status=pod_pb2.AGENT_STATUS_RUNNING)])
    pod.created_time.FromSeconds(0)
    pod.policy.retry_backoff.FromMilliseconds(1500)
    data = plain(pod)
    assert data["number"] == 7
    assert data["phase"] == "WORKSTREAM_EXECUTION"
    assert data["created_time"] == "1970-01-01T00:00:00Z"
    assert data["updated_time"] is None
    assert data["policy"]["retry_backoff"] == 1.5
    assert data["agents"][0]["status"] == "RUNNING"
    json.dumps(data)


def test_plain_survives_an_enum_from_the_future() -> None:
    """A value that this program does not know stays a number."""
    pod = pod_pb2.Pod()
    pod.phase = 99  # type: ignore[assignment]
    assert word(pod, "phase") == "99"


def test_plain_maps() -> None:
    """Maps become objects with sorted keys."""
    lease = event_pb2.Lease(name="runner-1", metadata={"pools": "default", "capacity": "4"})
    assert list(plain(lease)["metadata"].items()) == [("capacity", "4"), ("pools", "default")]


def test_every_told_fact_exists_and_is_told() -> None:
    """The table names only kinds that exist, and each teller copes with an empty fact."""
    for name in narration._TELLERS:
        fact = getattr(pod_events_pb2, name)()
        assert isinstance(narration.tell(pods.event(1, fact), pods.pod()), str), name


def test_narration_names_the_workstream_and_the_cause() -> None:
    """A failed attempt is told with its workstream's title, its number, and why."""
    pod = pods.pod(workstreams=[pods.workstream("money", "READY")])
    fact = pod_events_pb2.AttemptEnded(
        workstream_id="money",
        number=2,
        outcome=pod_pb2.AGENT_STATUS_FAILED,
        cause=pod_pb2.FAILURE_CAUSE_CHECKS_FAILED,
        error="3 tests fail",
    )
    told = narration.tell(pods.event(9, fact), pod)
    assert told == "money (Title of money): attempt 2 failed: checks failed, 3 tests fail"


def test_an_unknown_fact_is_not_told() -> None:
    """A kind from a newer server is skipped, not a crash."""
    event = pods.event(1, pod_events_pb2.SpecApproved())
    event.fact.type_url = "type.googleapis.com/podium.pods.v1.FromTheFuture"
    assert narration.tell(event, pods.pod()) == ""


PLAN_ITEMS = st.lists(
    st.builds(
        pod_pb2.PlanItem,
        id=st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True),
        title=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(str.strip).filter(bool),
        description=st.text(st.characters(exclude_categories=["Cs"]), max_size=80).map(str.strip),
        dependencies=st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), max_size=3),
        priority=st.sampled_from([1, 2, 3]),
        profile=st.sampled_from(["", "claude"]),
    ),
    min_size=1,
    max_size=4,
)


@given(items=PLAN_ITEMS, summary=st.text(st.characters(exclude_categories=["Cs"]), max_size=60).map(str.strip))
def test_a_plan_survives_its_text(items: list[pod_pb2.PlanItem], summary: str) -> None:
    """Whatever a plan holds, its text reads back as the same plan (carriage returns apart, which editors rewrite)."""
    plan = pod_pb2.Plan(summary=summary, items=items)
    read_summary, read_items = plan_text.from_text(plan_text.to_text(plan))
    assert (read_summary, read_items) == (summary, items)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("summary = ", "not a plan"),
        ("summary = 'x'", "no [[items]]"),
        ("[[items]]\ntitle = 'x'", "id must be given"),
        ("[[items]]\nid = 'x'\ntitle = 'y'\npriority = 'urgent'", "low, normal or high"),
        ("[[items]]\nid = 'x'\ntitle = 'y'\ndependencies = 'z'", "list of ids"),
        ("[[items]]\nid = 'x'\ntitle = 'y'\ndependency = ['z']", "unknown dependency"),
    ],
)
def test_a_broken_plan_is_refused_with_its_place(text: str, says: str) -> None:
    """What is wrong in an edited plan is named."""
    with pytest.raises(CliError) as caught:
        plan_text.from_text(text)
    assert says in caught.value.message


def test_what_waits_for_a_person() -> None:
    """Each state that needs a person yields one decision about exactly the version that waits."""
    assert [each.key for each in decisions(pods.pod(**pods.SPEC_READY))] == [("spec", "2", "")]
    plan = pod_pb2.Plan(version=3, state=pod_pb2.DOCUMENT_STATE_READY)
    assert decisions(pods.pod(phase=pod_pb2.PHASE_PLANNING, plan=plan))[0].key == ("plan", "3", "")
    review = pod_pb2.Review(integration_commit="abc", verified=True, checks=pod_pb2.CHECKS_RESULT_NONE)
    found = decisions(pods.pod(phase=pod_pb2.PHASE_REVIEW, review=review))
    assert found[0].key == ("review", "abc", "")
    assert "NOT VERIFIED" in found[0].body


def test_what_does_not_wait_for_a_person() -> None:
    """Nothing is asked of a finished pod, of a document in the making, or of an approved review."""
    generating = pod_pb2.Spec(version=2, state=pod_pb2.DOCUMENT_STATE_GENERATING)
    assert decisions(pods.pod(phase=pod_pb2.PHASE_SPEC_CLARIFICATION, spec=generating)) == []
    again = pod_pb2.Spec(content="x", version=1, state=pod_pb2.DOCUMENT_STATE_READY, requested=True)
    assert decisions(pods.pod(phase=pod_pb2.PHASE_SPEC_CLARIFICATION, spec=again)) == []
    approved = pod_pb2.Review(integration_commit="abc", verified=True, approved_commit="abc")
    assert decisions(pods.pod(phase=pod_pb2.PHASE_REVIEW, review=approved)) == []
    assert decisions(pods.pod(**(pods.SPEC_READY | {"phase": pod_pb2.PHASE_CANCELLED}))) == []


def test_a_question_comes_before_an_approval_and_goes_when_answered() -> None:
    """Open questions come first; an answered one is none."""
    message = pod_pb2.Message(id="msg_1", kind=pod_pb2.MESSAGE_KIND_QUESTION, content="Which?", options=["a", "b"])
    pod = pods.pod(**pods.SPEC_READY, messages=[message])
    assert [each.kind for each in decisions(pod)] == ["question", "spec"]
    pod.messages[0].answer.choice = "a"
    assert [each.kind for each in decisions(pod)] == ["spec"]


def test_a_second_failure_is_another_decision() -> None:
    """A workstream that failed again asks again."""
    once = pods.workstream("w", "FAILED", attempts=[pod_pb2.Attempt(number=1)])
    twice = pods.workstream("w", "FAILED", attempts=[pod_pb2.Attempt(number=1), pod_pb2.Attempt(number=2)])
    first, second = (decisions(pods.pod(workstreams=[each]))[0] for each in (once, twice))
    assert first.key != second.key


def test_the_pod_on_the_screen() -> None:
    """Phase, workstreams in plan order, running agents and what it waits for are all there."""
    pod = pods.pod(
        workstreams=[
            pods.workstream("b", "PENDING", position=1, dependencies=["a"]),
            pods.workstream("a", "IN_PROGRESS", position=0, progress="editing"),
        ],
        agents=[
            pod_pb2.Agent(id="agent_1", workstream_id="a", kind=pod_pb2.AGENT_KIND_WORKER, status=4, profile="claude"),
            pod_pb2.Agent(id="agent_0", kind=pod_pb2.AGENT_KIND_PLANNER, status=6),
        ],
        waiting_on=[pod_pb2.WaitingOn(text="nothing much")],
    )
    live = text_of(pod_view.live(pod, NOW))
    assert "✓ spec → ✓ plan → ● work → ○ review → ○ landed" in live
    assert live.index("Title of a") < live.index("Title of b")
    assert "editing" in live
    assert "agent_1" in live
    assert "agent_0" not in live
    assert "waits: nothing much" in live
    whole = text_of(pod_view.whole(pod, NOW))
    assert "#7 Mend the till" in whole
    assert "agent_0" in whole


def test_documents_show_what_is_approved() -> None:
    """A plan shows each workstream with its dependencies; an empty document says so."""
    plan = pod_pb2.Plan(
        summary="Three parts.",
        items=[
            pod_pb2.PlanItem(id="a", title="First", priority=3),
            pod_pb2.PlanItem(id="b", title="Second", dependencies=["a"], description="Do\nit."),
        ],
    )
    text = documents.plan(plan)
    assert "1. **First** (`a`; starts at once; high priority)" in text
    assert "2. **Second** (`b`; after a)\n\n   Do\n   it." in text
    assert "no plan yet" in documents.plan(pod_pb2.Plan())


def test_services_show_pause_and_last_end() -> None:
    """A service that keeps dying is shown with its pause and cause."""
    service = {
        "name": "runner",
        "state": "pausing",
        "pid": 0,
        "restarts": 4,
        "address": "unix:/x",
        "last_exit": "signal SIGKILL",
        "pause_seconds": 3.2,
    }
    text = text_of(board.services_table([service]))
    assert "pausing 3 s" in text
    assert "signal SIGKILL" in text
