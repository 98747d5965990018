"""Podium's tools over MCP: the real client, over HTTP, against a real runner; pods from a fake."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import click
import httpx2
import pytest

from podium.agents.v1.agent_service_pb2 import DESCRIPTOR
from podium.cli.agent import agent as command_line
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.pods.v1 import pod_pb2 as pods
from podium.runner import wiring
from podium.runner.mcp.arguments import schema
from podium.runner.mcp.tools import TOOLS
from podium.runner.verbs import VERBS
from tests.runner.house import POD, House, house
from tests.runner.repo import Repo
from tests.runner.tools import WAITS, Seen, call, living, session, words


@pytest.fixture
async def at_home(tmp_path: Path, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(wiring, "McpEndpoint", Seen)
    async with house(tmp_path, repo) as made:
        await made.start_runner(WAITS, capacity=5)
        yield made


# -- the verbs -------------------------------------------------------------------------------------------------------


def test_every_rpc_has_a_tool_and_a_word() -> None:
    """What AgentService can do, agents can do by MCP and by `podium agent`, and neither can do more."""
    rpcs = {method.name for method in DESCRIPTOR.services_by_name["AgentService"].methods}
    assert {verb.rpc for verb in VERBS} == rpcs
    assert {verb.tool for verb in VERBS} == set(TOOLS)
    assert isinstance(command_line, click.Group)
    assert {verb.command for verb in VERBS} == set(command_line.commands)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.tool)
def test_a_tools_arguments_are_those_of_its_rpc(verb: Any) -> None:
    """Each field of the request can be given (a request id is the runner's affair), and the schema stands alone."""
    request = DESCRIPTOR.services_by_name["AgentService"].methods_by_name[verb.rpc].input_type
    shown = schema(TOOLS[verb.tool].arguments)
    given = set(shown.get("properties", ()))
    if "path" in given:  # an anchor, flat
        given = given - {"path", "first_line", "last_line"} | {"anchor"}
    assert given == {field.name for field in request.fields} - {"request_id"}
    assert "$ref" not in str(shown)
    assert shown["additionalProperties"] is False


EVERYBODYS = {"report_progress", "ask_human", "post_message", "complete", "fail", "list_context"}
OWN = {
    "spec_writer": {"submit_spec"},
    "planner": {"submit_plan"},
    "worker": {"update_checklist"},
    "resolver": {"update_checklist"},
    "reviewer": set(),
}


async def test_each_kind_is_offered_what_it_can_do(at_home: House) -> None:
    """A worker is not offered submit_spec; calling it all the same is refused with the tools that there are."""
    for kind, own in OWN.items():
        given = await living(at_home, f"agent_{kind}", kind=kind, workstream=kind)
        async with session(given) as opened:
            shown = await opened.list_tools()
            assert {tool.name for tool in shown.tools} == own | EVERYBODYS
            assert all(tool.description and tool.input_schema["type"] == "object" for tool in shown.tools)
            strange = "submit_plan" if kind == "spec_writer" else "submit_spec"
            refused = await opened.call_tool(strange, {"content": "x"})
        assert refused.is_error
        assert "report_progress" in words(refused)


async def test_what_a_worker_says_reaches_the_pod(at_home: House, repo: Repo) -> None:
    """Progress, checklist, comment with its lines, and completion: the calls that `podium agent` makes."""
    given = await living(at_home)
    said = at_home.pods
    async with session(given) as opened:
        await opened.call_tool("report_progress", {"text": "reading"})
        await opened.call_tool("update_checklist", {"items": [{"text": "read", "state": "done"}, {"text": "write"}]})
        comment = {"content": "off by one", "kind": "review_comment", "path": "src/a.txt", "first_line": 3}
        assert words(await opened.call_tool("post_message", comment)) == "Posted."
        shown = await opened.call_tool("list_context", {})
        assert "Do the work" in words(shown)
        worktree = Path(repo.git("worktree", "list", "--porcelain").split("worktree ")[-1].split("\n")[0])
        (worktree / "src/a.txt").write_text("new\n")
        done = await opened.call_tool("complete", {"summary": "Did it"})
        assert "End your turn" in words(done)
        again = await opened.call_tool("report_progress", {"text": "more"})
        assert again.is_error
        assert "AGENT_ALREADY_TERMINAL" in words(again)
        (worktree / "end").touch()
    assert (await said.report("agent_1", "progress")).progress.text == "reading"
    assert [(i.text, i.state) for i in said.calls("UpdateChecklist")[0].items] == [("read", 3), ("write", 1)]
    posted = said.calls("PostMessage")[0]
    assert (posted.kind, posted.anchor.document) == (pods.MESSAGE_KIND_REVIEW_COMMENT, "src/a.txt")
    assert (posted.anchor.first_line, posted.anchor.last_line) == (3, 3)
    assert (await said.end_of("agent_1")).completed.summary == "Did it"


async def test_documents_are_handed_in(at_home: House) -> None:
    """Spec and plan; completing before that is refused with the remedy."""
    writer = await living(at_home, "agent_1", "spec_writer")
    early = await call(writer, "complete", summary="x")
    assert early.is_error
    assert "submit_spec" in words(early)
    assert (await call(writer, "submit_spec", content="# Spec")).structured_content == {"version": 1}
    planner = await living(at_home, "agent_2", "planner")
    items = [{"id": "a", "title": "A"}, {"id": "b", "title": "B", "dependencies": ["a"], "priority": "high"}]
    await call(planner, "submit_plan", summary="Two", items=items)
    said = at_home.pods
    assert said.calls("UpdateSpec")[0].content == "# Spec"
    assert [(i.id, [*i.dependencies], i.priority) for i in said.calls("UpdatePlan")[0].items] == [
        ("a", [], pods.PRIORITY_NORMAL),
        ("b", ["a"], pods.PRIORITY_HIGH),
    ]


WRONG = [
    ("report_progress", {}, "text: "),
    ("report_progress", {"text": "x", "loud": True}, "loud: "),
    ("report_progress", {"text": "ä" * 4000}, "text: "),
    ("update_checklist", {"items": [{"text": "x", "state": "maybe"}]}, "items[0].state: "),
    ("ask_human", {"question": "?", "wait_seconds": 60}, "wait_seconds: "),
    ("dance", {}, "there is no tool 'dance'"),
]


async def test_wrong_arguments_are_named(at_home: House) -> None:
    """The field, what is wrong, and what to do; nothing of it reaches the pod."""
    async with session(await living(at_home)) as opened:
        for name, arguments, said in WRONG:
            result = await opened.call_tool(name, arguments)
            assert result.is_error
            assert said in words(result)
            assert "call the tool again" in words(result)
    assert not at_home.pods.reports("agent_1", "progress")


# -- questions -------------------------------------------------------------------------------------------------------


async def test_a_question_waits_for_its_answer(at_home: House) -> None:
    """The tool is under way when a person answers; the answer is its result."""
    given = await living(at_home)
    async with session(given) as opened, asyncio.TaskGroup() as group:
        asking = group.create_task(opened.call_tool("ask_human", {"question": "Which?", "key": "which"}))
        await at_home.pods.until(lambda p: p.calls("AskQuestion"))
        assert not asking.done()
        at_home.pods.answer(POD, "msg_which", "the left one")
        job = at_home.job(pods.JOB_KIND_INPUT)
        job.input.agent_id, job.input.message_id, job.input.text = "agent_1", "msg_which", "the left one"
        await at_home.pods.issue(job, "jobs/runner-1")
        result = await asking
    assert words(result) == "the left one"
    assert result.structured_content["pending"] is False


async def test_an_unanswered_question_ends_the_turn(at_home: House) -> None:
    """After its time the tool says so, and the agent is told to end its turn; asked again it has the answer."""
    given = await living(at_home)
    pending = await call(given, "ask_human", question="Which?", key="which", wait_seconds=0)
    assert not pending.is_error
    assert "End your turn" in words(pending)
    at_home.pods.answer(POD, "msg_which", "the right one")
    assert words(await call(given, "ask_human", question="Which?", key="which")) == "the right one"


# -- who may ---------------------------------------------------------------------------------------------------------


async def test_agents_cannot_speak_for_each_other(at_home: House) -> None:
    """Who speaks is who holds the token: two agents at once, each heard under its own name."""
    one, two = await living(at_home, "agent_1"), await living(at_home, "agent_2", workstream="other")
    assert one.url == two.url
    async with session(one) as first, session(two) as second:
        await asyncio.gather(
            *(first.call_tool("report_progress", {"text": f"one {n}"}) for n in range(5)),
            *(second.call_tool("report_progress", {"text": f"two {n}"}) for n in range(5)),
        )
    for agent_id, word in (("agent_1", "one"), ("agent_2", "two")):
        heard = await at_home.pods.until(lambda p, a=agent_id: r if len(r := p.reports(a, "progress")) == 5 else None)
        assert {report.progress.text.split()[0] for report in heard} == {word}


def body(method: str = "tools/list") -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": {}}


STRANGERS: list[tuple[dict[str, str], int]] = [
    ({"authorization": ""}, 401),
    ({"authorization": "Bearer wrong"}, 401),
    ({"authorization": "{runner}"}, 401),
    ({"authorization": "{stranger}"}, 403),
    ({"host": "evil.example"}, 421),
    ({"origin": "https://evil.example"}, 403),
    ({}, 200),
]


async def test_strangers_are_refused(at_home: House) -> None:
    """No token, a forged one, a runner's, one of an agent that is not here; a foreign host or origin."""
    given = await living(at_home)
    key = at_home.settings("runner").key_file.read_bytes().strip()
    tokens = {
        "runner": f"Bearer {issue_token(key, Identity(CallerKind.RUNNER, 'runner-1'))}",
        "stranger": f"Bearer {issue_token(key, Identity(CallerKind.AGENT, 'agent_9', POD))}",
    }
    own = {"accept": "application/json, text/event-stream", "authorization": given.headers["Authorization"]}
    async with httpx2.AsyncClient() as http:
        for change, status in STRANGERS:
            headers = {**own, **{name: value.format(**tokens) for name, value in change.items()}}
            answer = await http.post(given.url, json=body(), headers=headers)
            assert (change, answer.status_code) == (change, status)
            assert own["authorization"] not in answer.text
        assert (await http.get(given.url, headers=own)).status_code == 405
        assert (await http.post(given.url, content=b"x" * (1 << 20) + b"xx", headers=own)).status_code == 413


async def test_a_token_dies_with_its_agent(at_home: House) -> None:
    """After its end nobody speaks for it."""
    given = await living(at_home, profile="hasty")
    await call(given, "fail", reason="no")
    await at_home.pods.end_of("agent_1")
    async with asyncio.timeout(20):
        while "agent_1" in Seen.last.living:
            await asyncio.sleep(0.01)
    async with httpx2.AsyncClient() as http:
        answer = await http.post(given.url, json=body(), headers=dict(given.headers))
    assert answer.status_code == 403


# -- its life --------------------------------------------------------------------------------------------------------


def test_a_runner_without_sessions_does_not_load_it() -> None:
    """Loading the package takes a second and 30 MB: nothing that the runner starts with may import it."""
    code = (
        "import sys, podium.runner.wiring; sys.exit(any(n == 'mcp' or n.startswith('starlette') for n in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_the_server_starts_once(at_home: House) -> None:
    """Sessions that begin together share one; its access does not show the token."""
    assert Seen.last.port == 0
    await at_home.launch("agent_1")
    await at_home.pods.report("agent_1", "started")
    found = await asyncio.gather(*(Seen.last.of("agent_1") for _ in range(5)))
    assert {each.url for each in found} == {f"http://127.0.0.1:{Seen.last.port}/mcp"}
    assert found[0].headers["Authorization"] not in repr(found[0])


async def test_a_server_that_ended_is_started_anew_at_its_port(at_home: House) -> None:
    """A session that knows the former one's address goes on where it stopped: nothing is remembered between calls."""
    given = await living(at_home)
    async with session(given) as opened:
        await opened.call_tool("report_progress", {"text": "before"})
        server = Seen.last._server
        assert server is not None
        await server.stop()
        await at_home.pods.until(lambda _: Seen.last._server is None or None)
        assert (await Seen.last.of("agent_1")).url == given.url
        await opened.call_tool("report_progress", {"text": "after"})
    said = await at_home.pods.until(lambda p: r if len(r := p.reports("agent_1", "progress")) == 2 else None)
    assert [report.progress.text for report in said] == ["before", "after"]
