"""Real, unmodified agents in whole pods: `podium run` to landed work, by the presets, with a model on loopback."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from podium.cli import exits
from tests.fakes.model_endpoint import ModelEndpoint, Play, plan, run, say, tool, write
from tests.support.at_home import AtHome, at_home
from tests.support.real_agents import KEY, PROGRAMS

pytestmark = pytest.mark.timeout(300)

TASK = "Paint the shed"
WORK = Play(
    TASK,
    [
        plan("doing: choose a colour", "paint"),
        write("shed.txt", "a shed\n"),
        run("make paint > paint.log"),
        tool("ask_human", question="Which colour?", key="colour", options=["red", "blue"]),
        write("colour.txt", "blue\n"),
        plan("done: choose a colour", "done: paint"),
        tool("complete", summary="The shed is blue"),
        say("It is painted."),
    ],
)


@pytest.fixture
def model() -> Iterator[ModelEndpoint]:
    with ModelEndpoint(Play(WORK.when, WORK.moves)) as serving:
        yield serving


@pytest.fixture
def somebody(
    tmp_path: Path, model: ModelEndpoint, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[AtHome]:
    name, traced = request.param
    with at_home(name, tmp_path, model, monkeypatch, traced=traced) as person:
        yield person


def paint(somebody: AtHome, model: ModelEndpoint) -> None:
    """From the words to the landed work, with a permission and a question on the way."""
    somebody.call("run", TASK, "--quick", "--agent", somebody.agent.name, code=exits.WAITING)
    pod = somebody.json("show", "1")
    (asked,) = [m for m in pod["messages"] if m.get("permission_tool")]
    assert asked["permission_tool"] == "run make paint > paint.log"
    assert not any("shed" in m["content"] for m in pod["messages"]), "an edit of the worktree is granted"
    once = next(option for option in asked["options"] if option.startswith(("Allow once", "Allow", "Yes")))
    somebody.call("answer", once)
    somebody.waits("Which colour?")
    checklist = somebody.json("show", "1")["workstreams"][0]["checklist"]
    assert [(item["text"], item["state"]) for item in checklist] == [
        ("choose a colour", "DOING"),
        ("paint", "TODO"),
    ]
    somebody.call("answer", "blue")
    somebody.waits("The work waits for your review")
    somebody.call("approve", "1")
    pod = somebody.pod(lambda found: found["phase"].endswith("COMPLETED"))
    assert somebody.shop.git("show", "main:colour.txt") == "blue"
    assert somebody.shop.git("show", "main:paint.log") == "painting"
    (agent,) = pod["agents"]
    assert agent["usage"]["input_tokens"] != "0"
    assert pod["workstreams"][0]["result_summary"] == "The shed is blue"
    shown = somebody.call("logs", agent["id"], "-n", "1000")
    assert re.search(r"\[x\] paint", shown)
    entries = map(json.loads, somebody.call("logs", agent["id"], "-n", "1000", "--output", "json").splitlines())
    kinds = {kind for entry in entries for kind in entry.get("update", {})}
    assert kinds >= {"turn", "tool_call", "permission", "plan", "speech", "usage"}
    assert "blue" in model.plays[0].asked[-1].words
    assert KEY not in shown
    assert model.keys == {KEY}
    assert model.problems == []
    assert model.strangers == []
    assert somebody.agent.strangers == []


@pytest.mark.parametrize("somebody", [("opencode", False)], indirect=True, ids=["opencode"])
def test_a_real_agent_paints_the_shed(somebody: AtHome, model: ModelEndpoint) -> None:
    """An unmodified agent by its preset: plan, files, a permission that a person gives, a question, landed work."""
    paint(somebody, model)


@pytest.mark.soak
@pytest.mark.parametrize("somebody", [(name, True) for name in PROGRAMS], indirect=True, ids=list(PROGRAMS))
def test_real_agents_reach_nobody(somebody: AtHome, model: ModelEndpoint) -> None:
    """The same with each of them under strace: nothing but this machine is connected to."""
    paint(somebody, model)
    assert "127.0.0.1" in somebody.agent.connects.read_text(), "strace saw it"
