"""A question asked by MCP and answered at a shell: real services, a real session, the real client of the tools."""

import asyncio
import sys
from pathlib import Path

from podium.cli import exits
from tests.runner.acp import scripted
from tests.support.installation import LocalInstallation
from tests.support.person import Person
from tests.support.shop import Shop

ASKS = """
import asyncio, json, sys, httpx2
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client

sent = [json.loads(line) for line in open(sys.argv[1])]
(server,) = next(each["params"]["mcpServers"] for each in sent if each.get("method") == "session/new")

async def main():
    headers = {each["name"]: each["value"] for each in server["headers"]}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        streamable_http_client(server["url"], http_client=http) as streams,
        ClientSession(streams[0], streams[1]) as session,
    ):
        await session.initialize()
        while True:
            answer = await session.call_tool("ask_human", {"question": "Which colour?", "key": "colour"})
            assert not answer.is_error, answer
            if not answer.structured_content["pending"]:
                break
        open("colour.txt", "w").write(answer.content[0].text)
        await session.call_tool("complete", {"summary": f"It is {answer.content[0].text}"})
        open("told.txt", "w").write("")

asyncio.run(main())
"""


async def test_a_question_of_a_session_is_answered_at_a_shell(tmp_path: Path) -> None:
    """The tool waits while a person answers by `podium answer`; the work goes on by the answer."""
    place = tmp_path / "repository"
    place.mkdir()
    shop = Shop(place, place, place)
    shop.git("init", "--quiet", "--initial-branch=main")
    (place / "shed.txt").write_text("a shed\n")
    shop.git("add", "--all")
    shop.git("-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", "As it was")
    steps = [{"start": [sys.executable, "-c", ASKS, str(tmp_path / "it.log")]}, {"wait_for": "told.txt"}]
    profile = scripted(tmp_path, steps, http=True, mcp=True)
    async with LocalInstallation(tmp_path, profiles={"asking": profile}) as installation:
        somebody = Person(installation.installation.data_dir, shop)
        await asyncio.to_thread(_converse, somebody)
    assert shop.git("show", "main:colour.txt") == "blue"


def _converse(somebody: Person) -> None:
    somebody.call("run", "Paint the shed", "--quick", "--agent", "asking", "--detach")
    assert "Which colour?" in somebody.call("watch", "1", "--until-waiting", code=exits.WAITING)
    somebody.call("answer", "1", "blue")
    assert "review" in somebody.call("watch", "1", "--until-waiting", code=exits.WAITING)
    pod = somebody.json("show", "1")
    (question,) = [message for message in pod["messages"] if message.get("answer")]
    assert (question["answer"]["text"], question["author"]) == ("blue", f"agent:{pod['agents'][0]['id']}")
    assert [agent["usage"]["turns"] for agent in pod["agents"]] == [1]
    assert pod["workstreams"][0]["result_summary"] == "It is blue"
    somebody.call("approve", "1")
    somebody.call("watch", "1", "--until-waiting")
