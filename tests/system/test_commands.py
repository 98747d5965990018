"""The commands one after another, as scripts use them: a real installation, JSON out, exit codes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from podium.cli import exits, supervision
from tests.support.installation import FAST, to_toml
from tests.support.person import Person
from tests.support.shop import is_green, make_shop

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    shop = make_shop(tmp_path)
    somebody = Person(tmp_path / "data", shop)
    somebody.installation.ensure()
    profiles = {"play": shop.profile, "sh": {"command": ["sh", "-c", "echo hi > hi.txt"], "result": "exit"}}
    somebody.installation.config_file.write_text(to_toml({**FAST, "profiles": profiles}))
    yield somebody
    supervision.stop(somebody.installation)


def test_from_run_to_land_by_single_commands(person: Person, tmp_path: Path) -> None:
    """`run` starts the services and stops where a person is needed; single commands carry it to the end."""
    told = person.call("run", "Mend the shop", "--agent", "play", code=exits.WAITING)
    assert "Podium started" in told
    assert "waits for you: Spec v1 waits for your approval" in told
    assert person.json("status")["phase"] == "ready"
    assert "is up already" in person.call("up")

    assert "Exact money" in person.json("show", "spec")["content"]
    (tmp_path / "spec.md").write_text("# Mine\n")
    person.call("edit", "spec", "--file", str(tmp_path / "spec.md"))
    assert "spec 2 waits, not 1" in person.call("approve", "1", "--version", "1", code=exits.REFUSED)
    assert person.json("approve", "1")["subject"] == "2"
    assert "waits for you: Plan v1" in person.call("watch", "1", "--until-waiting", code=exits.WAITING)
    person.call("edit", "plan", "1", "--file", "-", stdin=person.call("show", "plan", "1", "--raw"))
    person.call("approve")
    assert "waits for you: The work" in person.call("watch", "--until-waiting", code=exits.WAITING)
    assert "+" in person.call("diff", "--stat")
    assert person.call("diff", "1").startswith("diff --git")
    assert {each["id"] for each in person.json("show", "1")["workstreams"]} == {"money", "stock", "checkout"}
    person.call("approve", "1")
    assert "landed as" in person.call("watch", "1")
    assert is_green(person.shop)

    events = person.json("events", "1")
    assert [event["revision"] for event in events] == list(range(1, len(events) + 1))
    assert {"SpecApproved", "PlanApproved", "WorkLanded"} <= {event["type"] for event in events}
    sessions = person.json_once(lambda found: {each["status"] for each in found} == {"COMPLETED"}, "sessions", "1")
    assert "preparing a worktree" in person.call("logs", sessions[0]["id"])
    assert "ready at" in person.call("logs", "runner")
    assert person.json("ls")[0]["pod"]["phase"] == "COMPLETED"
    person.call("approve", "1", code=exits.REFUSED)
    person.call("show", "2", code=exits.NOT_FOUND)
    person.json("gc")
    person.call("down")
    assert not supervision.is_running(person.installation)


def test_a_quick_run_with_the_only_agent(person: Person) -> None:
    """`--quick` needs no approvals before the review; the only agent that is no scripted one is taken."""
    many_begin_at_once(person)
    told = person.call("run", "--quick", "--file", "-", code=exits.WAITING, stdin="Say hi\n\nin a file")
    assert "· sh ·" in told
    assert "waits for you: The work waits for your review" in told
    person.call("approve", "--send-back", "say it louder")
    assert "agent 'nobody'" in person.call("run", "more", "--agent", "nobody", code=exits.NOT_FOUND)
    person.call("run", "more", "--budget", "a lot", code=exits.USAGE)
    assert "--budget" in person.call("run", "more", "--autonomy", "autonomous", code=exits.REFUSED)
    assert [task["number"] for task in person.json("ls")] == [1], "a run that is refused leaves no task behind"
    person.call("cancel", "1", "--reason", "enough")
    assert "cancelled: enough" in person.call("watch", "1", code=exits.NOT_LANDED)


def many_begin_at_once(person: Person) -> None:
    """One of them starts the services; the others wait for those, whoever looks at what moment."""
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda _: person.json("up"), range(4)))
    assert sorted(answer["started"] for answer in answers) == [False, False, False, True]


def test_up_says_why_it_cannot(person: Person) -> None:
    """A service that cannot start makes `up` fail with the end of its log, and nothing keeps running."""
    config = person.installation.config_file
    config.write_text(config.read_text() + '\n[profiles.broken]\nkind = "nonsense"\n')
    told = person.call("up", code=exits.FAILED)
    assert "runner does not start" in told
    assert "profiles" in told or "kind" in told
