"""The arguments of each tool, as typed models: their JSON schema is what agents are shown, and they make the requests.

Bounds are those of `AgentService`; what only a proto can say (bytes, patterns) is checked there once more.
"""

from abc import abstractmethod
from typing import Any, Literal

from google.protobuf.message import Message
from pydantic import BaseModel, ConfigDict, Field

from podium.agents.v1 import agent_service_pb2 as pb
from podium.pods.v1 import pod_pb2 as pods

TEXT = 65536
_LINE = 4096

States = Literal["todo", "doing", "done", "blocked"]
Kinds = Literal["update", "blocker", "review_comment"]
Priorities = Literal["low", "normal", "high"]


class Arguments(BaseModel):
    """What a tool is called with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @abstractmethod
    def request(self) -> Message:
        """The request of its RPC."""


class ReportProgress(Arguments):
    text: str = Field(min_length=1, max_length=_LINE, description="What you are doing now, in one line.")

    def request(self) -> Message:
        return pb.ReportProgressRequest(text=self.text)


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(min_length=1, max_length=_LINE, description="What is to be done, in one line.")
    state: States = "todo"

    def item(self) -> pods.ChecklistItem:
        return pods.ChecklistItem(text=self.text, state=_number(pods.ChecklistState, "CHECKLIST_STATE", self.state))


class UpdateChecklist(Arguments):
    items: list[Step] = Field(max_length=200, description="The whole list, in order; it replaces the former one.")

    def request(self) -> Message:
        return pb.UpdateChecklistRequest(items=[each.item() for each in self.items])


class SubmitSpec(Arguments):
    content: str = Field(min_length=1, max_length=TEXT, description="The whole spec, as Markdown; at most 64 KiB.")
    draft: bool = Field(default=False, description="True: kept, but not yet offered for approval.")

    def request(self) -> Message:
        return pb.SubmitSpecRequest(content=self.content, draft=self.draft)


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        description="Unique in the plan: lower-case letters, digits and hyphens.",
    )
    title: str = Field(min_length=1, max_length=1024, description="One line.")
    description: str = Field(
        default="", max_length=TEXT, description="Markdown: what to change, where, and how one sees that it is done."
    )
    dependencies: list[str] = Field(
        default=[], max_length=100, description="Ids of the workstreams whose results this one needs."
    )
    priority: Priorities = "normal"
    profile: str = Field(default="", max_length=128, description="Leave it out, unless people named an agent.")

    def item(self) -> pods.PlanItem:
        return pods.PlanItem(
            id=self.id,
            title=self.title,
            description=self.description,
            dependencies=self.dependencies,
            priority=_number(pods.Priority, "PRIORITY", self.priority),
            profile=self.profile,
        )


class SubmitPlan(Arguments):
    summary: str = Field(max_length=TEXT, description="Markdown: how the work is divided, and why.")
    items: list[Item] = Field(min_length=1, max_length=1000, description="The workstreams, in order.")

    def request(self) -> Message:
        return pb.SubmitPlanRequest(summary=self.summary, items=[each.item() for each in self.items])


class AskHuman(Arguments):
    question: str = Field(min_length=1, max_length=TEXT, description="Markdown; say what hangs on it.")
    key: str = Field(
        default="",
        max_length=128,
        description="A short name of the question: asking again under it is the same question, or gives its answer.",
    )
    options: list[str] = Field(default=[], max_length=20, description="The choices, where there are some.")
    wait_seconds: float = Field(default=25.0, ge=0, le=25, description="How long to wait for the answer.")

    def request(self) -> Message:
        return pb.AskHumanRequest(
            question=self.question, key=self.key, options=self.options, wait_seconds=self.wait_seconds
        )


class PostMessage(Arguments):
    content: str = Field(min_length=1, max_length=TEXT, description="Markdown.")
    kind: Kinds = Field(
        default="update", description="update: how it goes; blocker: you cannot go on; review_comment: what is wrong."
    )
    thread_id: str = Field(default="", max_length=128, description="Reply in this thread.")
    path: str = Field(
        default="", max_length=_LINE, description="The file that it is about, from the root of the repository."
    )
    first_line: int = Field(default=0, ge=0, description="With `path`: the first line that it is about, from 1.")
    last_line: int = Field(default=0, ge=0, description="With `path`: the last one; left out: the first.")

    def request(self) -> Message:
        anchor = None
        if self.path:
            last = max(self.first_line, self.last_line)
            anchor = pods.Anchor(document=self.path, first_line=self.first_line, last_line=last)
        return pb.PostMessageRequest(
            kind=_number(pods.MessageKind, "MESSAGE_KIND", self.kind),
            content=self.content,
            thread_id=self.thread_id,
            anchor=anchor,
        )


class Complete(Arguments):
    summary: str = Field(
        max_length=TEXT,
        description="What you did, for people and for those who build on it; the first line is a title.",
    )

    def request(self) -> Message:
        return pb.CompleteRequest(summary=self.summary)


class Fail(Arguments):
    reason: str = Field(
        min_length=1, max_length=TEXT, description="Why it cannot be done, for people and for the next attempt."
    )

    def request(self) -> Message:
        return pb.FailRequest(reason=self.reason)


class ListContext(Arguments):
    def request(self) -> Message:
        return pb.ListContextRequest()


def schema(model: type[Arguments]) -> dict[str, Any]:
    """The JSON schema that agents are shown: without references, which some of them do not follow."""
    made = model.model_json_schema()
    definitions = made.pop("$defs", {})
    plain = _plain(made, definitions)
    assert isinstance(plain, dict)
    return plain


def _plain(value: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_plain(each, definitions) for each in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _plain(definitions[value["$ref"].rpartition("/")[2]], definitions)
    # Titles repeat the names.
    return {k: _plain(v, definitions) for k, v in value.items() if not (k == "title" and isinstance(v, str))}


def _number(enum: Any, prefix: str, word: str) -> Any:
    return enum.Value(f"{prefix}_{word.upper()}")
