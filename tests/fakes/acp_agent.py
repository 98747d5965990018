"""An agent that speaks ACP on its standard streams and follows a script, good or bad: `acp_agent.py SCRIPT.json`.

By hand rather than by the protocol's library: it starts at once, and can misbehave as no library would let it. The
script is an object: `initialize` (`never`, or a protocol version), `auth` (true: a login is wanted), `load` (true:
sessions can be loaded again), `http` (false: no MCP over HTTP), `turns`: a list of lists of steps, one list for each
prompt, the last one repeated. A step is an object with one key; see `Agent`. What it was told is written to `log`, a
JSON object a line.
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any


class Agent:
    def __init__(self, script: dict[str, Any]) -> None:
        self.script = script
        self.prompts = 0
        self.requests = 0
        self.cancelled = threading.Event()
        self.answers: dict[int, Any] = {}
        self.answered = threading.Condition()
        self.writing = threading.Lock()
        self.result = "end_turn"
        self.error: dict[str, Any] | None = None

    # -- the wire ----------------------------------------------------------------------------------------------------

    def serve(self) -> None:
        for line in sys.stdin:
            message = json.loads(line)
            self.note(message)
            if "method" not in message:
                with self.answered:
                    self.answers[message["id"]] = message
                    self.answered.notify_all()
            elif message["method"] == "session/cancel":
                self.cancelled.set()
            elif message["method"] == "session/prompt":
                threading.Thread(target=self.prompt, args=(message,), daemon=True).start()
            else:
                self.reply(message)

    def note(self, message: dict[str, Any]) -> None:
        if "log" in self.script:
            with Path(self.script["log"]).open("a") as file:
                file.write(json.dumps(message) + "\n")

    def send(self, **message: Any) -> None:
        with self.writing:
            sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            sys.stdout.flush()

    def ask(self, method: str, /, **params: Any) -> dict[str, Any]:
        self.requests += 1
        number = self.requests
        self.send(id=number, method=method, params={"sessionId": "s-1", **params})
        with self.answered:
            while number not in self.answers:
                self.answered.wait()
            return self.answers[number]

    def update(self, kind: str, /, **update: Any) -> None:
        self.send(method="session/update", params={"sessionId": "s-1", "update": {"sessionUpdate": kind, **update}})

    # -- the session -------------------------------------------------------------------------------------------------

    def reply(self, message: dict[str, Any]) -> None:
        match message["method"]:
            case "initialize":
                if self.script.get("initialize") == "never":
                    return
                can = {"loadSession": self.script.get("load", False), "mcpCapabilities": {"http": self.http}}
                ways = [{"id": "web", "name": "Log in by the browser"}] if self.script.get("auth") else []
                result: Any = {"protocolVersion": self.script.get("initialize", 1), "agentCapabilities": can}
                result |= {"authMethods": ways, "agentInfo": {"name": "Fake", "version": "1"}}
            case "session/new":
                if self.script.get("auth"):
                    self.send(id=message["id"], error={"code": -32000, "message": "Authentication required"})
                    return
                modes = [{"id": "calm", "name": "Calm"}, {"id": "wild", "name": "Wild"}]
                result = {"sessionId": "s-1", "modes": {"currentModeId": "calm", "availableModes": modes}}
            case "session/load":
                if self.script.get("load") == "gone":
                    self.send(id=message["id"], error={"code": -32603, "message": "no such session"})
                    return
                self.update("agent_message_chunk", content={"type": "text", "text": "told long ago"})
                result = {}
            case _:
                result = {}
        self.send(id=message["id"], result=result)

    @property
    def http(self) -> bool:
        return bool(self.script.get("http", True))

    def prompt(self, message: dict[str, Any]) -> None:
        self.cancelled.clear()
        self.result, self.error = "end_turn", None
        turns = self.script["turns"]
        for step in turns[min(self.prompts, len(turns) - 1)]:
            ((verb, argument),) = step.items()
            getattr(self, f"do_{verb}")(argument)
        self.prompts += 1
        if self.error is not None:
            self.send(id=message["id"], error=self.error)
            return
        usage = {"inputTokens": 100, "outputTokens": 10, "totalTokens": 110}
        self.send(id=message["id"], result={"stopReason": self.result, "usage": usage})

    # -- steps -------------------------------------------------------------------------------------------------------

    def do_say(self, text: str) -> None:
        self.update("agent_message_chunk", content={"type": "text", "text": text})

    def do_think(self, text: str) -> None:
        self.update("agent_thought_chunk", content={"type": "text", "text": text})

    def do_plan(self, lines: list[list[str]]) -> None:
        self.update("plan", entries=[{"content": text, "status": status, "priority": "low"} for text, status in lines])

    def do_tool(self, call: dict[str, Any]) -> None:
        self.update("tool_call" if "title" in call else "tool_call_update", **call)

    def do_cost(self, dollars: float) -> None:
        self.update("usage_update", used=500, size=1000, cost={"amount": dollars, "currency": "USD"})

    def do_permission(self, call: dict[str, Any]) -> None:
        """Asks, says what was chosen, and writes a file where it was allowed."""
        options = [
            {"optionId": "a1", "name": "Allow", "kind": "allow_once"},
            {"optionId": "a2", "name": "Allow all", "kind": "allow_always"},
            {"optionId": "r1", "name": "Reject", "kind": "reject_once"},
        ]
        answer = self.ask("session/request_permission", toolCall={"toolCallId": "c-1", **call}, options=options)
        outcome = answer["result"]["outcome"]
        chosen = outcome.get("optionId", outcome["outcome"])
        self.do_say(f"chosen: {chosen}\n")
        if chosen.startswith("a"):
            Path("allowed.txt").write_text(f"{chosen}\n")
        if outcome["outcome"] == "cancelled":
            self.result = "cancelled"

    def do_write(self, argument: dict[str, str]) -> None:
        answer = self.ask("fs/write_text_file", **argument)
        self.do_say(f"write: {answer.get('error', {}).get('data', 'done')}\n")

    def do_read(self, argument: dict[str, Any]) -> None:
        answer = self.ask("fs/read_text_file", **argument)
        self.do_say(f"read: {answer.get('result', answer.get('error'))}\n")

    def do_terminal(self, command: str) -> None:
        self.do_say(f"terminal: {self.ask('terminal/create', command=command).get('error', {}).get('message')}\n")

    def do_agent(self, words: list[str]) -> None:
        """Speaks by `podium agent`."""
        subprocess.run(["podium", "agent", *words], check=False, stdout=subprocess.DEVNULL)

    def do_file(self, argument: dict[str, str]) -> None:
        Path(argument["path"]).write_text(argument["content"])

    def do_start(self, command: list[str]) -> None:
        """Starts a process that nobody ends, in a session of its own."""
        child = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL)
        Path("child.pid").write_text(str(child.pid))

    def do_raw(self, text: str) -> None:
        with self.writing:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def do_flood(self, lines: int) -> None:
        for number in range(lines):
            self.do_say(f"{number:08d} {'x' * 1000}\n")

    def do_long(self, megabytes: int) -> None:
        """A line without an end."""
        with self.writing:
            for _ in range(megabytes):
                sys.stdout.write("x" * 1024 * 1024)
                sys.stdout.flush()

    def do_error(self, error: dict[str, Any]) -> None:
        """Answers the prompt by an error."""
        self.error = error

    def do_log(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()

    def do_until_cancelled(self, _: Any) -> None:
        self.cancelled.wait()
        self.result = "cancelled"

    def do_hang(self, _: Any) -> None:
        while True:
            time.sleep(60)

    def do_wait_for(self, name: str) -> None:
        while not Path(name).exists():
            time.sleep(0.02)

    def do_die(self, status: int) -> None:
        os._exit(status)


if __name__ == "__main__":
    Agent(json.loads(Path(sys.argv[1]).read_text())).serve()
