"""Real, unmodified agents write the documents too: spec and plan by Podium's tools, approved by a person, then done."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from podium.cli import exits
from tests.fakes.model_endpoint import ModelEndpoint, Play, say, tool, write
from tests.support.at_home import AtHome, at_home
from tests.support.real_agents import KEY, PROGRAMS

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

TASK = "Build a fence"
ITEM = {"id": "fence", "title": "Put up the fence", "description": "Write fence.txt: it is green."}
PLAYS = [
    # The first match plays, so the revision of the spec stands before its first version.
    Play("It is to be green", [tool("submit_spec", content="A **green** fence."), tool("complete", summary="Greener")]),
    Play("# Write the spec", [tool("submit_spec", content="A fence."), tool("complete", summary="Specified")]),
    Play(
        "# Write the plan",
        [tool("submit_plan", summary="One part.", items=[ITEM]), tool("complete", summary="Planned")],
    ),
    Play("# Do the work", [write("fence.txt", "green\n"), tool("complete", summary="The fence stands"), say("Done.")]),
]


@pytest.fixture
def model() -> Iterator[ModelEndpoint]:
    with ModelEndpoint(*(Play(each.when, [*each.moves, say("That is all.")]) for each in PLAYS)) as serving:
        yield serving


@pytest.fixture(params=list(PROGRAMS))
def somebody(
    tmp_path: Path, model: ModelEndpoint, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[AtHome]:
    # Under strace and not by a proxy: Qwen Code would look for Podium's tools there too.
    with at_home(request.param, tmp_path, model, monkeypatch, traced=True) as person:
        yield person


def test_a_real_agent_writes_spec_and_plan(somebody: AtHome, model: ModelEndpoint) -> None:
    """From words through a spec that is sent back once, and a plan, to the landed work, by agents' own tool calls."""
    told = somebody.call("run", TASK, "--agent", somebody.agent.name, code=exits.WAITING)
    assert "spec" in told
    assert somebody.json("show", "spec", "1")["content"] == "A fence."
    somebody.call("approve", "1", "--send-back", "It is to be green")
    somebody.waits("spec")
    assert somebody.json("show", "spec", "1")["content"] == "A **green** fence."
    somebody.call("approve", "1")
    somebody.waits("plan")
    (item,) = somebody.json("show", "plan", "1")["items"]
    assert {name: item[name] for name in ITEM} == ITEM
    somebody.call("approve", "1")
    somebody.waits("The work waits for your review")
    somebody.call("approve", "1")
    pod = somebody.pod(lambda found: found["phase"].endswith("COMPLETED"))
    assert somebody.shop.git("show", "main:fence.txt") == "green"
    assert {agent["kind"] for agent in pod["agents"]} >= {"SPEC_WRITER", "PLANNER", "WORKER"}
    assert "A **green** fence." in model.plays[2].asked[0].words, "the planner is told the approved spec"
    assert "it is green" in model.plays[3].asked[0].words, "the worker is told its workstream"
    assert model.keys == {KEY}
    assert model.problems == somebody.agent.strangers == []
