"""Pure parts: settings, scenarios, verdicts, prompts, redaction, transcripts, boards."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from podium.chassis.settings import SettingsError
from podium.client.agent import AgentError, parse_checklist, parse_place, parse_plan, read_plan
from podium.events.v1.event_pb2 import Event, StreamAppend
from podium.jobs.v1 import job_events_pb2 as jobs
from podium.jobs.v1.artifact_events_pb2 import TranscriptChunk
from podium.pods.v1 import pod_pb2 as pods
from podium.runner.agents import scenario
from podium.runner.agents.verdicts import Next, Turn, judge
from podium.runner.environment import allowed, secrets_of
from podium.runner.jobs.board import Board, Positions
from podium.runner.processes.supervised import Ended, Exit
from podium.runner.redaction import Redactor
from podium.runner.settings import find_presets, parse
from podium.runner.transcripts import CHUNK_BYTES, Transcript
from podium.runner.workspaces.commands import Tail

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


# -- verdicts --------------------------------------------------------------------------------------------------------


def turn(**more: object) -> Turn:
    values: dict[str, object] = {
        "end": Exit(Ended.EXITED, 0),
        "verdict": "",
        "words": "",
        "open_questions": False,
        "unheard": False,
        "by_exit": False,
        "can_resume": False,
        "reminded": False,
        "tail": "",
    }
    return Turn(**{**values, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "following", "cause"),
    [
        ({"verdict": "complete", "end": Exit(Ended.STOPPED, -15)}, Next.FINISH, 0),
        ({"verdict": "fail", "words": "no"}, Next.FAIL, pods.FAILURE_CAUSE_REPORTED),
        ({"end": Exit(Ended.TIME_LIMIT, -15)}, Next.FAIL, pods.FAILURE_CAUSE_TIME_LIMIT),
        ({"end": Exit(Ended.OUTPUT_LIMIT, -15)}, Next.FAIL, pods.FAILURE_CAUSE_OUTPUT_LIMIT),
        ({"end": Exit(Ended.EXITED, 3)}, Next.FAIL, pods.FAILURE_CAUSE_EXIT_STATUS),
        ({"end": Exit(Ended.EXITED, 1), "tail": "Please run /login"}, Next.FAIL, pods.FAILURE_CAUSE_LOGIN_FAILED),
        ({"end": Exit(Ended.EXITED, 1), "tail": "429 rate limit"}, Next.FAIL, pods.FAILURE_CAUSE_RATE_LIMITED),
        ({"open_questions": True}, Next.WAIT, 0),
        ({"open_questions": True, "by_exit": True}, Next.WAIT, 0),
        ({"open_questions": True, "unheard": True}, Next.AGAIN, 0),
        ({"unheard": True}, Next.AGAIN, 0),
        ({"by_exit": True}, Next.FINISH, 0),
        ({"can_resume": True}, Next.REMIND, 0),
        ({"can_resume": True, "reminded": True}, Next.FAIL, pods.FAILURE_CAUSE_NO_RESULT),
        ({}, Next.FAIL, pods.FAILURE_CAUSE_NO_RESULT),
    ],
)
def test_how_a_turn_is_understood(given: dict[str, object], following: Next, cause: int) -> None:
    """The page of rules, row by row."""
    verdict = judge(turn(**given), datetime(2026, 11, 22, tzinfo=UTC))
    assert (verdict.next, verdict.cause) == (following, cause)


@pytest.mark.parametrize(
    ("tail", "following"),
    [
        ("You've hit your usage limit.", Next.FAIL),
        ("Limit reached." + " Then I read on." * 60 + " try again in 3 hours", Next.FAIL),
        ("I added a rate limit to the server." + " And tests for it." * 40 + " It answers 429.", Next.REMIND),
    ],
)
def test_a_speech_on_limits_is_no_notice(tail: str, following: Next) -> None:
    """A turn that ended well, silently, is a provider's limit only where it is short or names a time."""
    assert judge(turn(can_resume=True, tail=tail), datetime(2026, 11, 22, tzinfo=UTC)).next is following


def test_a_limit_carries_its_time() -> None:
    """What the provider said of its end goes on to the pod."""
    now = datetime(2026, 11, 22, tzinfo=UTC)
    ended = turn(end=Exit(Ended.EXITED, 1), tail="429: rate limited, retry after 90 seconds")
    assert judge(ended, now).retry_time == now + timedelta(seconds=90)


# -- redaction, transcripts, tails -----------------------------------------------------------------------------------


def test_secrets_are_found_however_the_stream_is_cut() -> None:
    """Any way of cutting the output into pieces gives the same clean text."""
    secret, text = "sk-1234567890", "before sk-1234567890 between sk-12345678 sk-1234567890"
    whole = Redactor([secret]).text(text)
    assert secret not in whole
    chance = random.Random(7)
    for _ in range(200):
        redactor, kept, rest = Redactor([secret]), b"", text.encode()
        while rest:
            size = chance.randint(1, 9)
            kept += redactor.feed(rest[:size])
            rest = rest[size:]
        assert (kept + redactor.flush()).decode() == whole


class Store:
    def __init__(self) -> None:
        self.appends: list[StreamAppend] = []
        self.limits: list[int] = []

    async def append(self, append: StreamAppend) -> None:
        self.appends.append(append)

    async def limit(self, stream: str, max_count: int) -> None:
        self.limits.append(max_count)

    def chunks(self) -> list[TranscriptChunk]:
        return [TranscriptChunk.FromString(e.data) for a in self.appends for e in a.events]


async def test_transcripts_come_in_chunks_with_a_bound() -> None:
    """Small writes join, large ones are cut; the stream's length is bounded once."""
    store = Store()
    transcript = Transcript(store, "agent_1", lambda: 0.0, lambda: 1.0)
    for _ in range(10):
        transcript.write(b"x" * 3000)
    transcript.say("bye")
    await transcript.close()
    chunks = store.chunks()
    assert b"".join(c.data for c in chunks) == b"x" * 30000 + b"bye\n"
    assert max(len(c.data) for c in chunks) <= CHUNK_BYTES
    assert len(store.limits) == 1
    assert store.appends[0].stream == "transcripts/agent_1"


async def test_what_comes_too_fast_is_a_marked_gap() -> None:
    """256 KiB a second are kept; the rest is counted, and the next chunk says how much is missing."""
    now = [0.0]
    store = Store()
    transcript = Transcript(store, "agent_1", lambda: now[0], lambda: 1.0)
    for _ in range(64):
        transcript.write(b"x" * 10_000)
    now[0] = 1.0
    transcript.write(b"after")
    await transcript.close()
    chunks = store.chunks()
    kept = sum(len(c.data) for c in chunks) - len(b"after")
    assert kept <= 256 * 1024
    assert sum(c.gap_bytes for c in chunks) == 640_000 - kept
    assert chunks[-1].data == b"after"


def test_a_tail_is_the_end() -> None:
    """However much came, the end is kept, and what is left out is said."""
    tail = Tail(100)
    for number in range(1000):
        tail.add(f"{number}\n".encode())
    text = tail.text()
    assert text.endswith("998\n999\n")
    assert text.startswith("[… ")
    assert len(text) < 200


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
