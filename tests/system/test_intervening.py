"""Commands by which people intervene, on one installation: trust, advance, interrupt, retry, skip, answer, land."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from podium.cli import exits, supervision
from tests.support.installation import FAST, to_toml
from tests.support.person import Person
from tests.support.shop import Shop

pytestmark = pytest.mark.timeout(240)

LIMIT_SECONDS = 60.0

STORY = """
[[script]]
kind = "spec_writer"
steps = [{ submit_spec = { content = "# Goal" } }, { complete = "Written" }]

[[script]]
kind = "planner"
steps = [
  { submit_plan = { summary = "Three", items = [
    { id = "a", title = "A" }, { id = "b", title = "B" }, { id = "c", title = "C", dependencies = ["a"] } ] } },
  { complete = "Planned" },
]

[[script]]
kind = "worker"
workstream = "a"
attempt = 2
steps = [
  { ask = { key = "colour", question = "Which colour?", options = ["red", "blue"], save = "colour" } },
  { write = { path = "colour.txt", content = "{{colour}}" } },
  { complete = "Coloured" },
]

[[script]]
kind = "worker"
workstream = "c"
steps = [{ write = { path = "c.txt", content = "C" } }, { complete = "C" }]

[[script]]
kind = "worker"
steps = [{ wait_for = "/nonexistent/gate" }]
"""


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """Somebody whose settings ask before a repository's commands run, and whose gateway cannot start."""
    place = tmp_path_factory.mktemp("intervening")
    repository = place / "repository"
    repository.mkdir()
    (repository / ".podium.toml").write_text('setup = "touch was-set-up"\nchecks = "test -f was-set-up"\n')
    (repository / ".gitignore").write_text("was-set-up\n")
    (repository / "readme.txt").write_text("as it was\n")
    shop = Shop(repository, place / "scenario.toml", place / "gate")
    shop.scenario.write_text(STORY)
    shop.git("init", "--quiet", "--initial-branch=main")
    shop.git("add", "--all")
    shop.git("-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", "As it was")
    somebody = Person(place / "data", shop)
    somebody.installation.ensure()
    settings = {
        **FAST,
        "runner": {**FAST["runner"], "trust_repository": "ask"},
        "gateway": {"port": "nonsense"},
        "profiles": {"play": shop.profile},
    }
    somebody.installation.config_file.write_text(to_toml(settings))
    yield somebody
    supervision.stop(somebody.installation)


def until(person: Person, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The pod, once it is so."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        pod: dict[str, Any] = person.json("show", "1")
        if holds(pod):
            return pod
    raise AssertionError(f"never came: {pod}")


def waits(person: Person, what: str) -> None:
    assert what in person.call("watch", "1", "--until-waiting", code=exits.WAITING)


def test_intervening_from_trust_to_land(person: Person) -> None:
    """Each command by number, id or nothing, its refusals with their codes, JSON out; in the end the work lands."""
    told = person.call("run", "Try it", "--agent", "play", code=exits.REFUSED)
    assert "touch was-set-up" in told
    assert "podium trust --repo" in told
    assert not supervision.is_running(person.installation)
    assert person.json("trust")["trusted"]
    waits_for_spec = person.call("run", "Try it", "--agent", "play", code=exits.WAITING)
    assert "Spec v1 waits" in waits_for_spec
    pod_id = person.json("show")["pod_id"]
    check_up_without_the_gateway(person)
    check_documents(person, pod_id)
    check_agents(person, pod_id)
    waits(person, "asks")
    assert "1 red; 2 blue" in person.call("answer", "1", "green", code=exits.REFUSED)
    assert person.json("answer", "blue")["done"] == "answered: blue"
    person.call("answer", "1", "blue", code=exits.REFUSED)
    waits(person, "The work waits for your review")
    check_landing(person, pod_id)


def check_documents(person: Person, pod_id: str) -> None:
    """Spec and plan, back and forth."""
    assert "not approved" in person.call("advance", "1", code=exits.REFUSED)
    person.call("approve", pod_id)
    waits(person, "Plan v1")
    assert person.json("advance", "--to", "spec") == {"pod_id": pod_id, "phase": "SPEC_CLARIFICATION"}
    person.call("advance", "2", code=exits.NOT_FOUND)
    person.call("advance", "1", "--to", "nowhere", code=exits.USAGE)
    person.call("edit", "spec", "1", "--file", "readme.txt")
    person.call("approve")
    waits(person, "Plan v1")
    person.call("approve", "1")


def check_agents(person: Person, pod_id: str) -> None:
    """Two agents are interrupted; one workstream tries again, the other is left out."""
    both = until(person, lambda pod: len(running(pod)) == 2)
    agents = {agent["workstream_id"]: agent["id"] for agent in running(both)}
    person.call("interrupt", code=exits.USAGE)
    person.call("interrupt", "1", "nobody", code=exits.NOT_FOUND)
    assert person.json("interrupt", "1", "a") == {"pod_id": pod_id, "agent_id": agents["a"]}
    person.call("interrupt", pod_id, agents["b"][-6:], "--reason", "no need")
    until(person, lambda pod: not running(pod))
    person.call("interrupt", code=exits.NOT_FOUND)

    person.call("retry", "1", "nothing", code=exits.NOT_FOUND)
    person.call("retry", "1", "c", code=exits.REFUSED)
    assert person.json("retry", "a", "-m", "with colour")["workstream_id"] == "a"
    assert person.json("skip", "1", "2", "-m", "not now")["workstream_id"] == "b"
    person.call("skip", "1", "b", code=exits.REFUSED)


def check_landing(person: Person, pod_id: str) -> None:
    """Blocked by an edit of the person's, then landed, once."""
    readme = person.shop.repository / "readme.txt"
    readme.write_text("being edited\n")
    person.call("land", code=exits.REFUSED)
    person.call("approve", "1")
    waits(person, "landing")
    readme.write_text("as it was\n")
    assert person.json("land", "1") == {"pod_id": pod_id, "done": "landing again"}
    assert "landed as" in person.call("watch", "1")
    person.call("land", "1", code=exits.REFUSED)
    person.call("land", code=exits.NOT_FOUND)
    assert (person.shop.repository / "colour.txt").read_text() == "blue"
    assert (person.shop.repository / "c.txt").exists()


def check_up_without_the_gateway(person: Person) -> None:
    """A gateway that cannot start stops nothing: `up` warns with its log, `status` and `doctor` show it."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not (found := person.json("up"))["failing"]:
        assert time.monotonic() < deadline
    (failing,) = found["failing"]
    assert failing["name"] == "gateway"
    assert "gateway.port" in Path(failing["log"]).read_text()
    assert failing["log"] in person.both("up")
    status = person.json("status")
    assert status["phase"] == "ready"
    assert {each["name"]: each["awaited"] for each in status["services"]}["gateway"] is False
    assert {each["version"] for each in status["services"]} == {status["version"]}
    findings = {each["name"]: each for each in json.loads(person.call("doctor", "--output", "json"))}
    assert (findings["services"]["state"], findings["services"]["remedy"]) == ("warning", "podium logs gateway")


def running(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [agent for agent in pod["agents"] if agent["status"] == "RUNNING"]
