"""A model on loopback: an OpenAI-compatible endpoint that plays a scenario, so that real agents can do whole turns.

It knows no state: which move comes next follows from how many answers of the model the conversation holds already, so
repeats and parallel conversations do no harm. Moves name what they want (`write`, `run`, `plan`, `tool`); which of the
tools that the agent offers does it, and by which parameters, is read from what the agent sends.
"""

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_WRITES = ("write", "write_file")
_RUNS = ("bash", "run_shell_command", "shell")
_SEARCH = "tool_search"
_SEARCHES = 20
"""Then a tool is not there, and the play cannot go on."""
_PLANS = ("todowrite", "todo_write")
_WORKTREE = re.compile(r"(/[^\s\"'<>`]*/worktrees/[^\s\"'<>`]+)")


@dataclass(frozen=True)
class Move:
    """What the model does next: a tool's name as the conversation offers it, and its arguments; or words."""

    tool: Callable[["Conversation"], tuple[str, dict[str, Any]]] | None = None
    text: str = ""


@dataclass(frozen=True)
class Conversation:
    """What an agent sent."""

    tools: Mapping[str, Mapping[str, Any]]
    """The parameters' schemas by the tools' names."""
    messages: Sequence[Mapping[str, Any]]

    @property
    def words(self) -> str:
        """All that was said, as text."""
        return json.dumps(self.messages)

    def answers(self, since: str) -> int:
        """How often the model has answered since this was said first."""
        begin = next(number for number, message in enumerate(self.messages) if since in json.dumps(message))
        said = [message for message in self.messages[begin:] if message.get("role") == "assistant"]
        return sum(_SEARCH not in json.dumps(message.get("tool_calls")) for message in said)

    @property
    def searches(self) -> int:
        """How often the model has looked for tools."""
        return sum(_SEARCH in json.dumps(each.get("tool_calls")) for each in self.messages if "tool_calls" in each)

    @property
    def results(self) -> list[str]:
        """What the tools gave back."""
        return [text_of(message) for message in self.messages if message.get("role") == "tool"]

    @property
    def worktree(self) -> str:
        """The directory that the agent works in, as it told the model."""
        found = _WORKTREE.search("\n".join(map(text_of, self.messages)))
        assert found, "no worktree is named in the conversation"
        return found[1].rstrip(".,;:)")

    def tool(self, *names: str) -> str:
        """The first of these tools that is offered, by its name or as the end of one (`podium_ask_human`)."""
        found = [name for name in names if name in self.tools]
        found += [offered for offered in self.tools if offered.endswith(tuple(f"_{name}" for name in names))]
        assert found, f"none of {names} is offered, but {sorted(self.tools)}"
        return found[0]

    def parameter(self, tool: str, *names: str) -> str:
        """The first of these parameters that the tool has."""
        return next(name for name in names if name in self.tools[tool].get("properties", {}))


def text_of(message: Mapping[str, Any]) -> str:
    """A message's words."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content if isinstance(part, dict))


# -- moves -----------------------------------------------------------------------------------------------------------


def say(text: str) -> Move:
    """Say something and end the turn."""
    return Move(text=text)


def write(path: str, content: str) -> Move:
    """Write a file of the worktree."""

    def call(talk: Conversation) -> tuple[str, dict[str, Any]]:
        tool = talk.tool(*_WRITES)
        where = path if path.startswith("/") else f"{talk.worktree}/{path}"
        return tool, {talk.parameter(tool, "filePath", "file_path", "path"): where, "content": content}

    return Move(call)


def run(command: str) -> Move:
    """Run a command."""

    def call(talk: Conversation) -> tuple[str, dict[str, Any]]:
        tool = talk.tool(*_RUNS)
        offered = talk.tools[tool].get("properties", {})
        more: dict[str, Any] = {"description": f"Runs {command}"} if "description" in offered else {}
        if "is_background" in offered:
            more["is_background"] = False
        return tool, {"command": command, **more}

    return Move(call)


def plan(*lines: str) -> Move:
    """Keep a list: `done: …`, `doing: …`, else to do."""

    def call(talk: Conversation) -> tuple[str, dict[str, Any]]:
        tool = talk.tool(*_PLANS)
        return tool, {"todos": [_todo(number, line) for number, line in enumerate(lines, 1)]}

    return Move(call)


def _todo(number: int, line: str) -> dict[str, Any]:
    state, _, text = line.rpartition(": ")
    status = {"done": "completed", "doing": "in_progress"}.get(state, "pending")
    return {"id": str(number), "content": text, "status": status, "priority": "medium"}


def tool(name: str, **arguments: Any) -> Move:
    """Call a tool of Podium's, whatever the agent makes of its name."""

    def call(talk: Conversation) -> tuple[str, dict[str, Any]]:
        is_offered = any(offered.endswith(name) for offered in talk.tools)
        if _SEARCH in talk.tools and not is_offered and talk.searches < _SEARCHES:
            # Some agents show tools only to who looks for them.
            return _SEARCH, {"query": f"select:mcp__podium__{name}"}
        return talk.tool(name), arguments

    return Move(call)


# -- the endpoint ----------------------------------------------------------------------------------------------------


@dataclass
class Play:
    """Moves for the conversations that hold `when`; the last move is repeated."""

    when: str
    moves: Sequence[Move]
    asked: list[Conversation] = field(default_factory=list)
    """What the agents sent, in order."""

    def move(self, talk: Conversation) -> Move:
        """The move that comes now."""
        self.asked.append(talk)
        return self.moves[min(talk.answers(self.when), len(self.moves) - 1)]


class ModelEndpoint:
    """Serves plays on a port of its own, as a context manager. A status other than 200 is what everybody gets."""

    def __init__(self, *plays: Play) -> None:
        self.plays = list(plays)
        self.status = 200
        self.problems: list[str] = []
        self.keys: set[str] = set()
        """The keys that the agents showed."""
        self.strangers: list[str] = []
        """Whom agents wanted to reach by it as by a proxy, beside itself."""
        endpoint = self

        class Handler(_Handler):
            model = endpoint

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """The base address of its API."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> "ModelEndpoint":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def answer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The model's next message."""
        offered = {t["function"]["name"]: t["function"].get("parameters", {}) for t in body.get("tools") or ()}
        talk = Conversation(offered, body.get("messages", ()))
        if not offered:
            return {"role": "assistant", "content": "A title"}  # agents name their conversations by the model too
        play = next((each for each in self.plays if each.when in talk.words), None)
        if play is None:
            return {"role": "assistant", "content": "Nothing is known of this."}
        try:
            move = play.move(talk)
            if move.tool is None:
                return {"role": "assistant", "content": move.text}
            name, arguments = move.tool(talk)
        except Exception as error:
            self.problems.append(f"{type(error).__name__}: {error}")
            return {"role": "assistant", "content": f"The play cannot go on: {error}"}
        call = {"name": name, "arguments": json.dumps(arguments)}
        made = {"index": 0, "id": f"call_{len(talk.messages)}", "type": "function", "function": call}
        return {"role": "assistant", "content": None, "tool_calls": [made]}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: ModelEndpoint

    def log_message(self, *_: Any) -> None:
        return

    def do_CONNECT(self) -> None:
        """Some agents go by the proxy even to this machine: a tunnel to us is no detour, another is refused."""
        mine = self.path == f"127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
        if not mine:
            self.model.strangers.append(self.path)
        self.send_response(200 if mine else 403)
        self.end_headers()
        self.close_connection = not mine

    def do_GET(self) -> None:
        if self._is_stranger():
            return
        self._send({"object": "list", "data": [{"id": "mock", "object": "model"}]})

    def _is_stranger(self) -> bool:
        ours = self.path.startswith("/") or self.path.startswith(self.model.url)
        if not ours:
            self.model.strangers.append(self.path)
            self._send({"error": "nobody is reached from here"}, 403)
        return not ours

    def do_POST(self) -> None:
        if self._is_stranger():
            return
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        self.model.keys.add(self.headers.get("authorization", "").removeprefix("Bearer "))
        if self.model.status != 200:
            self._send({"error": {"message": "the model refuses", "type": "refused"}}, self.model.status)
            return
        message = self.model.answer(body)
        ending = "tool_calls" if "tool_calls" in message else "stop"
        usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        head = {"id": "c1", "created": 1, "model": "mock"}
        if not body.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": ending}
            self._send({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
            return
        head["object"] = "chat.completion.chunk"
        parts: list[dict[str, Any]] = [
            {**head, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
            {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": ending}]},
            {**head, "choices": [], "usage": usage},
        ]
        stream = "".join(f"data: {json.dumps(part)}\n\n" for part in parts) + "data: [DONE]\n\n"
        self._reply(stream.encode(), "text/event-stream")

    def _send(self, value: Any, status: int = 200) -> None:
        self._reply(json.dumps(value).encode(), "application/json", status)

    def _reply(self, data: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
