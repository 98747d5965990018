"""Pure parts: settings, scenarios, plans, boards."""

from pathlib import Path

import pytest

from podium.chassis.settings import SettingsError
from podium.client.agent import AgentError, parse_checklist, parse_place, parse_plan, read_plan
from podium.events.v1.event_pb2 import Event
from podium.jobs.v1 import job_events_pb2 as jobs
from podium.pods.v1 import pod_pb2 as pods
from podium.runner.agents import scenario
from podium.runner.environment import allowed, secrets_of
from podium.runner.jobs.board import Board, Positions
from podium.runner.settings import find_presets, parse

# -- settings --------------------------------------------------------------------------------------------------------


def test_a_command_is_words_or_a_string_without_a_shell() -> None:
    """Both forms give the same list; no shell ever sees it."""
    settings = parse({}, {"a": {"command": "agent --flag 'two words'"}, "b": {"command": ["agent", "$HOME"]}})
    assert settings.profiles["a"].command == ["agent", "--flag", "two words"]
    assert settings.profiles["b"].command == ["agent", "$HOME"]


@pytest.mark.parametrize(
    ("profiles", "said"),
    [
        ({"a": {"kind": "command"}}, "needs `command`"),
        ({"a": {"kind": "scripted"}}, "needs `scenario`"),
        ({"a": {"command": ["x"], "typo": 1}}, "typo"),
        ({"a": {"command": ["x"], "result": "maybe"}}, "result"),
    ],
)
def test_a_wrong_profile_is_said(profiles: dict[str, object], said: str) -> None:
    """The message names the field."""
    with pytest.raises(SettingsError, match=said):
        parse({}, profiles)


def test_a_wrong_runner_section_is_said() -> None:
    """So does that of the section."""
    with pytest.raises(SettingsError, match="capacity"):
        parse({"capacity": 0}, {})


def test_presets_are_what_is_on_path(tmp_path: Path) -> None:
    """An installed agent is a profile without being written down; one's own profile takes its place."""
    assert find_presets(str(tmp_path)) == {}
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert list(find_presets(str(tmp_path))) == ["claude"]


def test_the_environment_is_a_list_of_names() -> None:
    """What is not on the list does not pass; PODIUM_* never do."""
    given = {"PATH": "p", "HOME": "h", "AWS_SECRET": "s", "MY_KEY": "k", "PODIUM_TOKEN": "t", "LC_ALL": "C"}
    assert allowed(given) == {"PATH": "p", "HOME": "h", "LC_ALL": "C"}
    assert allowed(given, ["MY_*", "PODIUM_*"]) == {"PATH": "p", "HOME": "h", "LC_ALL": "C", "MY_KEY": "k"}
    assert secrets_of({"MY_API_KEY": "12345678", "SHORT_KEY": "1", "NAME": "12345678"}) == ["12345678"]


# -- scenarios, plans ------------------------------------------------------------------------------------------------


def test_the_first_script_that_fits_is_followed(tmp_path: Path) -> None:
    """Kind, workstream and attempt choose; what is absent fits any."""
    path = tmp_path / "s.toml"
    path.write_text(
        '[[script]]\nkind = "worker"\nworkstream = "a"\nattempt = 2\nsteps = [{ complete = "2" }]\n'
        '[[script]]\nkind = "worker"\nsteps = [{ fail = "x" }]\n'
    )
    loaded = scenario.load(path)
    assert loaded.script_for("worker", "a", 2).steps[0].argument == "2"
    assert loaded.script_for("worker", "a", 1).steps[0].verb == "fail"
    with pytest.raises(scenario.ScenarioError, match="planner"):
        loaded.script_for("planner", "", 1)


@pytest.mark.parametrize(
    "text", ["", "x = [", "[[script]]\nsteps = [{ dance = 1 }]", "[[script]]\nsteps = [{ write = 1, run = [] }]"]
)
def test_a_broken_scenario_is_said(tmp_path: Path, text: str) -> None:
    """With its place."""
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(scenario.ScenarioError, match=r"s\.toml"):
        scenario.load(tmp_path / "s.toml")


@pytest.mark.parametrize(
    "text",
    [
        '{"summary": "S", "items": [{"id": "a", "title": "A", "priority": "high"}]}',
        'summary = "S"\n[[items]]\nid = "a"\ntitle = "A"\npriority = "high"\n',
        'Here it is:\n\n```json\n{"summary": "S", "items": [{"id": "a", "title": "A", "priority": "high"}]}\n```\n',
    ],
)
def test_a_plan_is_json_or_toml(text: str) -> None:
    """Also inside a fenced block, as models like to write it."""
    summary, items = parse_plan(read_plan(text))
    assert (summary, items[0].id, items[0].priority) == ("S", "a", pods.PRIORITY_HIGH)


@pytest.mark.parametrize("value", [[], {"items": [{"id": "a"}]}, {"items": [{"id": "a", "title": "A", "x": 1}]}])
def test_a_wrong_plan_is_said(value: object) -> None:
    """Before it goes anywhere."""
    with pytest.raises(AgentError, match="plan"):
        parse_plan(value)


def test_checklist_lines_carry_their_state() -> None:
    """A line without a state is to do, colons or not."""
    items = parse_checklist(["done: read", "Doing: write", "note: this", "plain"])
    assert [(i.text, i.state) for i in items] == [("read", 3), ("write", 2), ("note: this", 1), ("plain", 1)]


@pytest.mark.parametrize(
    ("text", "place"),
    [("a.py", ("a.py", 0, 0)), ("a b/c.py:7", ("a b/c.py", 7, 7)), ("x:y.c:7-12", ("x:y.c", 7, 12))],
)
def test_a_place_is_a_path_with_lines(text: str, place: tuple[str, int, int]) -> None:
    """As compilers write it."""
    anchor = parse_place(text)
    assert (anchor.document, anchor.first_line, anchor.last_line) == place


@pytest.mark.parametrize("text", [":7", "a.py:0", "a.py:9-7", "a.py:4294967296"])
def test_a_wrong_place_is_said(text: str) -> None:
    """With how it is written."""
    with pytest.raises(AgentError, match="PATH:FIRST-LAST"):
        parse_place(text)


# -- boards ----------------------------------------------------------------------------------------------------------


def event(revision: int, message: jobs.JobIssued | jobs.JobClosed) -> Event:
    return Event(revision=revision, type=message.DESCRIPTOR.full_name, data=message.SerializeToString())


def test_a_board_is_the_fold_of_its_stream() -> None:
    """What is issued and not closed is open; a restart resumes before the oldest open job."""
    board = Board("jobs/default")
    board.fold(event(1, jobs.JobIssued(job_id="a", priority=1)))
    board.fold(event(2, jobs.JobIssued(job_id="b", priority=3)))
    board.fold(event(3, jobs.JobIssued(job_id="c", priority=1)))
    board.fold(event(4, jobs.JobClosed(job_id="a")))
    assert [each.job.job_id for each in sorted(board, key=lambda j: j.rank)] == ["b", "c"]
    assert board.resume_after == 1
    board.fold(event(5, jobs.JobClosed(job_id="b")))
    board.fold(event(6, jobs.JobClosed(job_id="c")))
    assert board.resume_after == 6


def test_older_pods_come_first_within_a_priority() -> None:
    """By priority, then by the pod's age."""
    board = Board("jobs/default")
    young, old = jobs.JobIssued(job_id="young", priority=2), jobs.JobIssued(job_id="old", priority=2)
    young.pod_created_time.seconds = 200
    old.pod_created_time.seconds = 100
    board.fold(event(1, young))
    board.fold(event(2, old))
    assert [each.job.job_id for each in sorted(board, key=lambda j: j.rank)] == ["old", "young"]


def test_positions_outlive_a_restart(tmp_path: Path) -> None:
    """They are written now and then, and read again."""
    Positions(tmp_path / "p.json").save("jobs/x", 100)
    again = Positions(tmp_path / "p.json")
    assert (again.of("jobs/x"), again.of("jobs/y")) == (100, 0)
