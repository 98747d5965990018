"""What the tests of ACP agents share: profiles of the scripted one, and a look at what a session was told."""

import json
import sys
from pathlib import Path
from typing import Any

from podium.jobs.v1.artifact_events_pb2 import SessionUpdate, TranscriptChunk
from podium.pods.v1 import pod_pb2 as pods
from podium.pods.v1.pod_service_pb2 import AskQuestionRequest
from tests.runner.house import POD, House

DONE: dict[str, Any] = {"agent": ["complete", "It is done"]}
WRITE: dict[str, Any] = {"file": {"path": "new.txt", "content": "new\n"}}
FAKE = Path(__file__).parents[1] / "fakes" / "acp_agent.py"


def scripted(folder: Path, *turns: list[dict[str, Any]], name: str = "it", **more: Any) -> dict[str, Any]:
    """A profile of the scripted ACP agent; what the script does not know are the profile's settings."""
    known = {key: more.pop(key) for key in ("initialize", "auth", "load", "http") if key in more}
    script = folder / f"{name}.json"
    script.write_text(json.dumps({"turns": turns, "log": str(folder / f"{name}.log"), **known}))
    return {"kind": "acp", "command": [sys.executable, "-I", "-S", str(FAKE), str(script)], "mcp": False, **more}


def heard(folder: Path, method: str = "", name: str = "it") -> list[dict[str, Any]]:
    """What the scripted agent was told: the parameters of the messages of a method, or the answers."""
    log = folder / f"{name}.log"
    messages = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    if not method:
        return [message for message in messages if "method" not in message]
    return [message.get("params", {}) for message in messages if message.get("method") == method]


async def updates(home: House, agent_id: str, kind: str = "") -> list[Any]:
    """What the transcript keeps of a session, as what it is."""
    found: list[SessionUpdate] = []
    async for batch in home.client.events.read_stream(f"transcripts/{agent_id}"):
        chunks = (TranscriptChunk.FromString(event.data) for event in batch)
        found += [chunk.update for chunk in chunks if chunk.HasField("update")]
    return [getattr(each, kind) for each in found if each.HasField(kind)] if kind else found


async def question(home: House, tool: str = "") -> AskQuestionRequest:
    """The permission that an agent asks for, once it does."""
    return await home.pods.until(
        lambda p: next((q for q in p.calls("AskQuestion") if q.permission_tool and tool in q.permission_tool), None)
    )


async def answer(home: House, asked: AskQuestionRequest, choice: str, by: str = "user:ann") -> None:
    """A person chooses: the answer stands in the pod, and its job tells the agent's runner."""
    message_id = f"msg_{asked.question_key}"
    home.pods.answer(POD, message_id, "", choice, by)
    order = {"agent_id": "agent_1", "message_id": message_id, "text": choice}
    await home.order(pods.JOB_KIND_INPUT, input=order)
