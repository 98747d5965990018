"""The instructions of agents: what each must contain, in which words, and what a repository may change about them."""

from pathlib import Path

import pytest

from podium.pods.v1 import pod_pb2 as pods
from podium.runner import prompts
from podium.runner.prompts.build import NAMES, PLACES, Situation, instructions
from podium.runner.prompts.reporting import Speech
from podium.runner.verbs import offered
from podium.runner.workspaces.errors import SetupError
from tests.runner.house import house
from tests.runner.repo import Repo

KIND = {name: number for number, name in NAMES.items()}


def pod() -> pods.Pod:
    """A task that has been through everything: feedback, a failed attempt, answers, dependencies, comments."""
    made = pods.Pod(title="The title", request="The request")
    made.spec.content, made.spec.feedback, made.spec.last_error = "The spec", "spec feedback", "spec error"
    made.plan.summary, made.plan.feedback, made.plan.last_error = "The plan", "plan feedback", "plan error"
    made.plan.items.add(id="a", title="First")
    made.workstreams.add(id="a", title="First", result_summary="what a did", status=pods.WORKSTREAM_STATUS_COMPLETED)
    second = made.workstreams.add(id="b", title="Second", spec="do b", dependencies=["a"])
    second.feedback = "off by one\n\nand rename it\n\nrather so"
    second.attempts.add(
        number=1,
        cause=pods.FAILURE_CAUSE_CHECKS_FAILED,
        error="checks red",
        checks_output="assert 1 == 2",
        conflict_paths=["src/x.py"],
        branch="podium/x/b.1",
    )
    for workstream in ("b", ""):
        asked = made.messages.add(id=f"m{workstream}", content="Which?", workstream_id=workstream)
        asked.answer.text, asked.answer.by = "the left one", "user:ann"
    for text, first, last, quoted in (("off by one", 12, 14, "for i in x:\n  y"), ("and rename it", 0, 0, "")):
        comment = made.messages.add(content=text, workstream_id="b", kind=pods.MESSAGE_KIND_REVIEW_COMMENT)
        comment.anchor.document, comment.anchor.quoted_text = "src/x.py", quoted
        comment.anchor.first_line, comment.anchor.last_line = first, last
    old = made.messages.add(content="long done", workstream_id="b", kind=pods.MESSAGE_KIND_REVIEW_COMMENT)
    old.anchor.document = "src/old.py"
    return made


def situation(kind: str, **more: object) -> Situation:
    values: dict[str, object] = {
        "kind": KIND[kind],
        "workstream_id": "b" if kind in ("worker", "resolver") else "",
        "attempt": 2,
        "branch": "podium/x/b.2",
        "start_commit": "abcdef",
        "base_commit": "012345",
        "conflict_branch": "podium/x/b.1",
        "port_base": 21000,
        "checks": ["make test"],
        "by_exit": False,
        "by_stdout": False,
    }
    return Situation(**{**values, **more})  # type: ignore[arg-type]


def written(kind: str, **more: object) -> str:
    return instructions(prompts.template(kind), pod(), situation(kind, **more))


# -- what they must contain ------------------------------------------------------------------------------------------

CONTAINED = {
    "spec_writer": ("The request", "spec feedback", "spec error", "The spec", "the left one", "abcdef", "64 KiB"),
    "planner": ("The spec", "plan feedback", "plan error", "`a`: First", "the left one", '"items"', "dependencies"),
    "worker": (
        *("do b", "The spec", "rather so", "checks failed: checks red", "assert 1 == 2", "podium/x/b.1"),
        *("the left one", "what a did", "make test", "21000 to 21019", "podium/x/b.2", "do not rebase", "attempt 2"),
    ),
    "reviewer": ("The spec", "what a did", "git diff 012345..HEAD", "the left one"),
    "resolver": ("podium/x/b.1", "src/x.py", "do b", "what a did", "the left one", "conflict marker", "make test"),
}


@pytest.mark.parametrize("by_tools", [False, True])
@pytest.mark.parametrize("kind", prompts.KINDS)
def test_each_kind_hears_what_it_needs(kind: str, by_tools: bool) -> None:
    """Its task, what went before, the rules, and every verb that is for it; no place is left open."""
    text = written(kind, by_tools=by_tools)
    assert [part for part in CONTAINED[kind] if part not in text] == []
    assert "The title" in text
    assert "{{" not in text
    assert "<!--" not in text
    for verb in offered(KIND[kind]):  # type: ignore[arg-type]
        assert (f"`{verb.tool}" if by_tools else f"`podium agent {verb.command}") in text, verb


@pytest.mark.parametrize("kind", prompts.KINDS)
def test_nobody_hears_of_what_is_not_for_it(kind: str) -> None:
    """A worker is not told of submit_spec."""
    mine = {verb.tool for verb in offered(KIND[kind])}  # type: ignore[arg-type]
    text = written(kind, by_tools=True)
    for strange in {"submit_spec", "submit_plan", "update_checklist"} - mine:
        assert strange not in text


def test_comments_stand_at_their_lines() -> None:
    """What people asked to change, with file, lines and the lines as they were; each once, and no older ones."""
    text = written("worker")
    assert "- `src/x.py:12-14`: off by one\n  > for i in x:\n  >   y" in text
    assert "- `src/x.py`: and rename it" in text
    assert text.count("off by one") == 1
    assert "long done" not in text


def test_what_is_empty_leaves_no_heading() -> None:
    """A first attempt hears nothing of earlier ones."""
    fresh = pods.Pod(title="T", request="R")
    fresh.workstreams.add(id="b", title="Second", spec="do b")
    text = instructions(prompts.template("worker"), fresh, situation("worker", checks=[]))
    for heading in ("What people want changed", "Why the last attempt failed", "Questions that", "What this builds on"):
        assert heading not in text
    assert "Run the project's tests" in text
    assert "\n\n\n" not in text


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "`podium agent submit-plan FILE`"),
        ({"by_tools": True}, "`submit_plan(summary, items)`"),
        ({"by_exit": True, "by_stdout": True}, "your last message"),
        ({"by_exit": True}, "`$PODIUM_OUTPUT`"),
    ],
)
def test_documents_are_handed_in_as_the_profile_has_it(more: dict[str, object], said: str) -> None:
    """By tool, by command, or by what is left behind."""
    assert said in written("planner", **more)


def test_an_exit_status_is_its_own_report() -> None:
    """Where the exit status is the result nobody is told that nothing else counts."""
    assert "podium agent complete" not in written("worker", by_exit=True)
    assert "end with a short summary" in written("worker", by_exit=True)


def test_reminders_name_the_way_to_speak() -> None:
    """The tool in a session, else the command."""
    assert "`complete(summary)`" in Speech(KIND["worker"], True, False, False).reminder()  # type: ignore[arg-type]
    assert "`podium agent complete" in Speech(KIND["worker"], False, False, False).reminder()  # type: ignore[arg-type]


# -- templates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", prompts.KINDS)
def test_every_template_has_a_version(kind: str) -> None:
    """It is part of the name under which an agent's start records what it was told."""
    name, version = prompts.template(kind).name.split(" ")
    assert (name, int(version) >= 2) == (kind, True)


def test_every_place_is_described_and_filled() -> None:
    """PLACES is what a template may say; nothing else is filled, and nothing of it is missing."""
    text = "".join(f"{{{{{name}}}}}|" for name in PLACES)
    filled = instructions(prompts.from_repository("t.md", text.encode()), pod(), situation("worker"))
    assert "{{" not in filled
    used = set().union(*(prompts.template(kind).places for kind in prompts.KINDS))
    assert used <= set(PLACES)


def test_a_repositorys_own_template_is_filled() -> None:
    """Its places are filled, an escaped one is not; the pod's own words are not searched for places."""
    told = pod()
    told.title = "mind {{spec}}"
    own = prompts.from_repository(
        ".podium/prompts/worker.md", b"# {{ title }}\n\nWrite \\{{name}} so.\n\n{{report_help}}\n"
    )
    text = instructions(own, told, situation("worker"))
    assert text.startswith("# mind {{spec}}\n\nWrite {{name}} so.\n")
    assert text.count("How to report") == 1
    assert own.name.startswith(".podium/prompts/worker.md ")


@pytest.mark.parametrize(("kind", "said"), [("worker", ["complete"]), ("planner", ["complete", "submit-plan"])])
def test_how_to_report_is_never_missing(kind: str, said: list[str]) -> None:
    """A template that forgets it gets it at its end: otherwise nothing that the agent does would count."""
    text = instructions(prompts.from_repository("t.md", b"Just do it."), pod(), situation(kind))
    assert text.startswith("Just do it.\n")
    for verb in said:
        assert f"podium agent {verb}" in text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{{workstraem}}", r"worker.md \w{12}: there is no place \{\{workstraem\}\}; there are .*workstream.*\\\{\{"),
        (b"", "worker.md: it is empty"),
        (b"\xff\xfe", "worker.md: it is not UTF-8"),
        (b"x" * 70_000, "worker.md: a template has at most 64 KiB"),
    ],
)
def test_a_wrong_template_is_said(data: bytes, said: str) -> None:
    """With the file, what is wrong, and what there is; the agent is not started with it."""
    with pytest.raises(SetupError, match=said):
        instructions(prompts.from_repository("worker.md", data), pod(), situation("worker"))


def test_the_page_names_every_place() -> None:
    """docs/prompts.md describes what a template may say, as the program has it."""
    page = Path(__file__).parents[2].joinpath("docs/prompts.md").read_text()
    for name, what in PLACES.items():
        assert f"| `{{{{{name}}}}}` | {what} |" in page
    for kind in prompts.KINDS:
        assert f"`.podium/prompts/{kind}.md`" in page


# -- a whole runner --------------------------------------------------------------------------------------------------

LOOKS = {"command": ["/bin/sh", "-c", 'cat "$PODIUM_INSTRUCTIONS"; podium agent fail enough'], "settle_seconds": 0}


async def test_the_start_tells_which_instructions_were_used(tmp_path: Path, repo: Repo) -> None:
    """The built-in ones with their version; the repository's own, as the base commit has them, with their hash; wrong
    ones fail the attempt with the cause."""
    async with house(tmp_path, repo) as at_home:
        await at_home.start_runner({"it": LOOKS})
        repo.commit(
            "own", {".podium/prompts/worker.md": "MIND {{title}}\n", ".podium/prompts/planner.md": "{{nonsense}}"}
        )
        await at_home.launch("agent_1", "spec_writer")
        await at_home.launch("agent_2")
        await at_home.launch("agent_3", "planner")
        ends = [(await at_home.pods.end_of(f"agent_{n}")).failed for n in (1, 2, 3)]
        assert [end.cause for end in ends[:2]] == [pods.FAILURE_CAUSE_REPORTED] * 2
        assert ends[2].cause == pods.FAILURE_CAUSE_SETUP_FAILED
        assert ".podium/prompts/planner.md" in ends[2].error
        assert "nonsense" in ends[2].error
        assert b"# Write the spec" in await at_home.shown("agent_1", b"instructions: spec_writer 2")
        assert (await at_home.pods.report("agent_1", "started")).started.instructions == "spec_writer 2"
        shown = await at_home.shown("agent_2", b"instructions: .podium/prompts/worker.md ")
        assert b"MIND Title" in shown
        assert b"podium agent complete" in shown
