"""What an agent says and asks, through the runner's local endpoint; blocking, for command lines and scripts.

The address and the agent's token come from the environment that the runner gave (`PODIUM_AGENT_ADDRESS`,
`PODIUM_AGENT_TOKEN`). Every call may be repeated: the runner keeps it on disk before it answers.
"""

import json
import re
import time
import tomllib
import uuid
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import grpc

from podium.agents.v1 import agent_service_pb2 as pb
from podium.agents.v1.agent_service_pb2_grpc import AgentServiceStub
from podium.client.errors import PodiumError, from_rpc_error
from podium.pods.v1 import pod_pb2 as pods

CALL_SECONDS = 40.0
"""More than the 25 s that a question waits."""
_TRIES = 5

_STATES = {"todo": 1, "doing": 2, "done": 3, "blocked": 4}
_KINDS = {"update": 2, "blocker": 3, "review_comment": 4}
_PLACE = re.compile(r"\A(?P<path>.*?)(?::(?P<first>\d{1,10})(?:-(?P<last>\d{1,10}))?)?\Z", re.DOTALL)
_LAST_LINE = 2**31 - 1
_PRIORITIES = {"low": 1, "normal": 2, "high": 3}


class AgentError(Exception):
    """The call failed, or what was to be sent cannot be understood; the message says what to do."""


def parse_checklist(lines: Sequence[str]) -> list[pods.ChecklistItem]:
    """Items from lines like `done: read the code`; a line without a state is to do."""
    items = []
    for line in lines:
        word, separator, rest = line.partition(":")
        state = _STATES.get(word.strip().lower()) if separator else None
        text = rest.strip() if state else line.strip()
        items.append(pods.ChecklistItem(text=text, state=pods.ChecklistState.ValueType(state or _STATES["todo"])))
    return items


def parse_place(text: str) -> pods.Anchor:
    """A place in the repository: `src/a.py`, `src/a.py:12` or `src/a.py:12-14`. Raises AgentError."""
    found = _PLACE.match(text)
    assert found is not None
    first = int(found["first"] or 0)
    last = int(found["last"] or first)
    if not found["path"] or (found["first"] and not 1 <= first <= last <= _LAST_LINE):
        raise AgentError(f"{text!r} is no place: write PATH, PATH:LINE or PATH:FIRST-LAST, with lines from 1")
    return pods.Anchor(document=found["path"], first_line=first, last_line=last)


def parse_plan(value: Any) -> tuple[str, list[pods.PlanItem]]:
    """Summary and items of a plan as JSON or TOML give it: {summary, items: [{id, title, …}]}. Raises AgentError."""
    if not isinstance(value, Mapping) or not isinstance(value.get("items"), list):
        raise AgentError("a plan is a table with `summary` and a list `items`")
    return str(value.get("summary", "")), [_plan_item(number, item) for number, item in enumerate(value["items"], 1)]


def _plan_item(number: int, item: Any) -> pods.PlanItem:
    known = {"id", "title", "description", "dependencies", "priority", "profile"}
    if not isinstance(item, Mapping) or not item.get("id") or not item.get("title"):
        raise AgentError(f"item {number} of the plan needs `id` and `title`")
    if unknown := set(item) - known:
        raise AgentError(
            f"item {number} of the plan: unknown key {sorted(unknown)[0]}; known: {', '.join(sorted(known))}"
        )
    priority = str(item.get("priority", "normal")).lower()
    if priority not in _PRIORITIES:
        raise AgentError(f"item {number} of the plan: priority is low, normal or high")
    return pods.PlanItem(
        id=str(item["id"]),
        title=str(item["title"]),
        description=str(item.get("description", "")),
        dependencies=[str(name) for name in item.get("dependencies", ())],
        priority=pods.Priority.ValueType(_PRIORITIES[priority]),
        profile=str(item.get("profile", "")),
    )


def read_plan(text: str) -> Any:
    """The value of a plan written as JSON or TOML, also inside a fenced block. Raises AgentError."""
    fenced = re.search(r"```(?:json|toml)?\s*\n(.*?)```", text, re.DOTALL)
    candidates = [text, fenced.group(1)] if fenced else [text]
    problem = "it is empty"
    for candidate in candidates:
        for parse in (json.loads, tomllib.loads):
            try:
                return parse(candidate)
            except ValueError as error:
                problem = str(error)
    raise AgentError(f"the plan is neither JSON nor TOML: {problem}")


class AgentClient:
    """The endpoint as one agent sees it. Use it as a context manager, or `close` it."""

    def __init__(self, address: str, token: str) -> None:
        self._channel = grpc.insecure_channel(address, options=[("grpc.enable_retries", 0)])
        self._stub = AgentServiceStub(self._channel)
        self._metadata = (("authorization", f"Bearer {token}"),)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "AgentClient":
        """The client of the agent whose environment this is. Raises AgentError outside of one."""
        try:
            return cls(environment["PODIUM_AGENT_ADDRESS"], environment["PODIUM_AGENT_TOKEN"])
        except KeyError as error:
            raise AgentError(f"{error.args[0]} is not set: this is for agents that Podium runs") from None

    def progress(self, text: str) -> None:
        """Say in a line what is being done."""
        self._call(self._stub.ReportProgress, pb.ReportProgressRequest(text=text, request_id=_new_id()))

    def checklist(self, lines: Sequence[str]) -> None:
        """Set the checklist: lines like `done: …`, `doing: …`, `blocked: …`, `todo: …`."""
        request = pb.UpdateChecklistRequest(items=parse_checklist(lines), request_id=_new_id())
        self._call(self._stub.UpdateChecklist, request)

    def ask(
        self, question: str, *, key: str = "", options: Sequence[str] = (), wait_seconds: float = 25.0
    ) -> str | None:
        """Ask the people; the answer, or None while nobody has answered. Asking again is the same question."""
        request = pb.AskHumanRequest(
            question=question, key=key, options=options, wait_seconds=wait_seconds, request_id=_new_id()
        )
        response = self._call(self._stub.AskHuman, request)
        if response.pending:
            return None
        answer = response.answer
        return "\n".join(part for part in (answer.choice, answer.text) if part)

    def post(self, content: str, *, kind: str = "update", thread_id: str = "", at: str = "") -> str:
        """Post a message (`update`, `blocker`, `review_comment`), about a place like `src/a.py:12-14`; its id."""
        if kind not in _KINDS:
            raise AgentError(f"no such kind of message: {kind}; there are {', '.join(_KINDS)}")
        request = pb.PostMessageRequest(
            kind=pods.MessageKind.ValueType(_KINDS[kind]),
            content=content,
            thread_id=thread_id,
            anchor=parse_place(at) if at else None,
            request_id=_new_id(),
        )
        return str(self._call(self._stub.PostMessage, request).message_id)

    def submit_spec(self, content: str, *, draft: bool = False) -> int:
        """Submit the spec (Markdown); its version."""
        request = pb.SubmitSpecRequest(content=content, draft=draft, request_id=_new_id())
        return int(self._call(self._stub.SubmitSpec, request).version)

    def submit_plan(self, value: Any) -> int:
        """Submit the plan, as `parse_plan` takes it; its version."""
        summary, items = parse_plan(value)
        request = pb.SubmitPlanRequest(summary=summary, items=items, request_id=_new_id())
        return int(self._call(self._stub.SubmitPlan, request).version)

    def submit_plan_text(self, text: str) -> int:
        """Submit the plan from JSON or TOML; its version."""
        return self.submit_plan(read_plan(text))

    def complete(self, summary: str) -> None:
        """Say that the work is done; end the process now."""
        self._call(self._stub.Complete, pb.CompleteRequest(summary=summary, request_id=_new_id()))

    def fail(self, reason: str) -> None:
        """Say that the work cannot be done; end the process now."""
        self._call(self._stub.Fail, pb.FailRequest(reason=reason, request_id=_new_id()))

    def context(self) -> pb.ListContextResponse:
        """What the agent is to know, with the messages that came since the last look."""
        response = self._call(self._stub.ListContext, pb.ListContextRequest(request_id=_new_id()))
        assert isinstance(response, pb.ListContextResponse)
        return response

    def _call(self, method: Callable[..., Any], request: Any) -> Any:
        """Call; repeated under the same request id while the runner cannot be reached. Raises AgentError."""
        pause = 0.2
        for attempt in range(_TRIES):
            try:
                return method(request, timeout=CALL_SECONDS, metadata=self._metadata)
            except grpc.RpcError as failure:
                error = from_rpc_error(failure)  # type: ignore[arg-type]
                if error.code != "UNAVAILABLE" or attempt == _TRIES - 1:
                    raise AgentError(_words(error)) from failure
                time.sleep(pause)
                pause *= 2
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def __enter__(self) -> "AgentClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _new_id() -> str:
    return uuid.uuid4().hex


def _words(error: PodiumError) -> str:
    details = [f"{v.field}: {v.description}" for v in error.violations]
    return "; ".join([str(error), *details])
