"""A conflict, a review with comments, and a pull request, through the real services, as somebody at a shell sees it."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from podium.cli import exits, supervision
from podium.client import Podium
from podium.pods.v1.pod_service_pb2 import GetDiffRequest
from tests.fakes.forge_program import ForgeState, install
from tests.support.installation import FAST, to_toml
from tests.support.person import Person
from tests.support.shop import Shop

pytestmark = pytest.mark.timeout(240)

LIMIT_SECONDS = 60.0
ADDRESS = "https://github.com/ann/shop"

STORY = """
[[script]]
kind = "spec_writer"
steps = [{{ submit_spec = {{ content = "# Goal" }} }}, {{ complete = "Written" }}]

[[script]]
kind = "planner"
steps = [
  {{ submit_plan = {{ summary = "Two", items = [{{ id = "a", title = "A" }}, {{ id = "b", title = "B" }}] }} }},
  {{ complete = "Planned" }},
]

[[script]]
kind = "worker"
workstream = "a"
steps = [
  {{ write = {{ path = "shared.txt", content = "from a\\nsecond\\n" }} }},
  {{ run = ["sh", "-c", "seq 1 900000 > big.txt"] }},
  {{ complete = "A" }},
]

[[script]]
kind = "worker"
workstream = "b"
attempt = 1
steps = [
  {{ write = {{ path = "shared.txt", content = "from b\\nsecond\\n" }} }},
  {{ wait_for = "{place}/gate" }},
  {{ complete = "B" }},
]

[[script]]
kind = "resolver"
steps = [
  {{ run = ["sh", "-c", "cp $PODIUM_INSTRUCTIONS {place}/resolver.md; grep -q '<<<<<<<' shared.txt"] }},
  {{ write = {{ path = "shared.txt", content = "from both\\nsecond\\n" }} }},
  {{ complete = "Resolved" }},
]

[[script]]
kind = "worker"
workstream = "b"
steps = [
  {{ run = ["sh", "-c", "cp $PODIUM_INSTRUCTIONS {place}/again.md"] }},
  {{ write = {{ path = "shared.txt", content = "named better\\nsecond\\n" }} }},
  {{ complete = "Better" }},
]
"""


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ForgeState:
    state = install(tmp_path / "bin", "gh")

    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return state


@pytest.fixture
def person(tmp_path: Path, forge: ForgeState) -> Iterator[Person]:
    """Somebody whose repository has a remote that seems to be at GitHub, and who has `gh`."""
    shop = Shop(tmp_path / "repo sitory", tmp_path / "scenario.toml", tmp_path / "gate")
    shop.repository.mkdir()
    shop.scenario.write_text(STORY.format(place=tmp_path))
    (shop.repository / "shared.txt").write_text("first\nsecond\n")
    shop.git("init", "--quiet", "--initial-branch=main")
    shop.git("add", "--all")
    shop.git("-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", "As it was")
    shop.git("clone", "--quiet", "--bare", ".", str(tmp_path / "there.git"))
    shop.git("remote", "add", "origin", ADDRESS)
    shop.git("config", f"url.{tmp_path / 'there.git'}.insteadOf", ADDRESS)
    somebody = Person(tmp_path / "data", shop)
    somebody.installation.ensure()
    somebody.installation.config_file.write_text(to_toml({**FAST, "profiles": {"play": shop.profile}}))
    yield somebody
    supervision.stop(somebody.installation)


def until(person: Person, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        pod: dict[str, Any] = person.json("show", "1")
        if holds(pod):
            return pod
    raise AssertionError(f"never came: {pod}")


def waits(person: Person, what: str) -> None:
    assert what in person.call("watch", "1", "--until-waiting", code=exits.WAITING)


def workstreams(pod: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in pod["workstreams"]}


def parts_of(person: Person, pod_id: str) -> list[int]:
    """The sizes of the messages in which a diff comes."""

    async def ask() -> list[int]:
        async with Podium.connect(installation=person.installation) as podium:
            return [len(part.chunk) async for part in podium.pods.GetDiff(GetDiffRequest(pod_id=pod_id))]

    return asyncio.run(ask())


def test_from_a_conflict_to_a_merged_request(person: Person, forge: ForgeState, tmp_path: Path) -> None:
    """A RESOLVER is told the paths and mends them; comments reach the next attempt with their lines; the work lands by
    a pull request that is opened once, found again, and seen to be merged.
    """
    person.call("run", "Mend it", "--agent", "play", code=exits.WAITING)
    person.call("approve", "1")
    waits(person, "Plan v1")
    person.call("approve", "1")
    until(person, lambda pod: workstreams(pod)["a"]["status"] == "COMPLETED")
    person.shop.open_gate()
    waits(person, "The work waits for your review")
    check_the_conflict(person, tmp_path)
    check_the_diff(person)
    check_the_comments(person, tmp_path)
    check_the_request(person, forge, tmp_path)


def check_the_conflict(person: Person, tmp_path: Path) -> None:
    """The branch's attempt failed with the paths; the RESOLVER was told them, and its merge counts."""
    pod = person.json("show", "1")
    first, second = workstreams(pod)["b"]["attempts"]
    assert (first["cause"], first["conflict_paths"]) == ("CONFLICT", ["shared.txt"])
    assert second["outcome"] == "COMPLETED"
    (resolver,) = [agent for agent in pod["agents"] if agent["kind"] == "RESOLVER"]
    assert resolver["workstream_id"] == "b"
    told = (tmp_path / "resolver.md").read_text()
    assert "- `shared.txt`" in told
    assert first["branch"] in told


def check_the_diff(person: Person) -> None:
    """The whole is longer than what is kept: it comes in parts, cut, and says so; a workstream's own is shown alone."""
    pod_id = person.json("show", "1")["pod_id"]
    sizes = parts_of(person, pod_id)
    assert sum(sizes) == 4 << 20
    assert max(sizes) <= 1 << 20
    said = person.both("diff", "1", "--output", "json")
    assert '"truncated": true' in said
    of_b = person.call("diff", "1", "--workstream", "b")
    assert "+from both" in of_b
    assert "big.txt" not in of_b
    assert "shared.txt" in person.call("diff", "1", "--stat")


def check_the_comments(person: Person, tmp_path: Path) -> None:
    """What is no comment is refused with the form it should have; what is one reaches the agent with its lines."""
    assert "FILE:LINE:TEXT" in person.call("request-changes", "1", "-c", "shared.txt", code=exits.USAGE)
    person.call("request-changes", "1", code=exits.USAGE)
    person.call("request-changes", "1", "-c", "shared.txt:1:x", "-w", "nobody", code=exits.NOT_FOUND)
    comment = "shared.txt:1-2:Name it: better"
    sent = person.json("request-changes", "1", "--comment", comment, "-m", "And be brief.", "-w", "b")
    assert (sent["workstreams"], sent["comments"]) == (["b"], 1)
    waits(person, "The work waits for your review")
    told = (tmp_path / "again.md").read_text()
    assert "`shared.txt:1-2`: Name it: better" in told
    assert "from both" in told
    assert "And be brief." in told
    messages = person.json("show", "1")["messages"]
    (anchored,) = [each for each in messages if each.get("anchor")]
    assert anchored["anchor"]["quoted_text"] == "from both\nsecond"


def check_the_request(person: Person, forge: ForgeState, tmp_path: Path) -> None:
    before = person.shop.git("rev-parse", "main")
    assert "podium approve" in person.call("land", "1", "--pr", code=exits.REFUSED)
    person.call("approve", "1", "--pr")
    waits(person, "pull request 1 (open)")
    assert len(forge.calls("create")) == 1
    assert "**B**: Better" in forge.calls("create")[0]["stdin"]
    pod = person.json("show", "1")
    sync = pod["external_sync"]
    assert (sync["provider"], sync["kind"], sync["number"], sync["state"]) == ("github", "pull_request", 1, "open")
    assert f"{ADDRESS}/pull/1" in person.call("show", "1")
    commit = pod["review"]["proposed_commit"]
    assert person.shop.git("--git-dir", str(tmp_path / "there.git"), "rev-parse", sync["branch"]) == commit

    assert person.json("land", "1")["done"] == "landing again"
    looked = until(person, lambda pod: len(forge.calls("list")) >= 2 and bool(pod["review"].get("proposed_commit")))
    assert looked["phase"] == "REVIEW"
    assert len(forge.calls("create")) == 1

    forge.change(1, state="MERGED", head=commit, merged="d" * 40)
    person.call("land", "1")
    landed = until(person, lambda pod: pod["phase"] == "COMPLETED")
    assert landed["review"]["landed_commit"] == "d" * 40
    assert landed["external_sync"]["state"] == "merged"
    assert person.shop.git("rev-parse", "main") == before
    assert person.shop.git("status", "--porcelain") == ""
