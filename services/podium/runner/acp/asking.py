"""Permissions: what an agent wants to do is granted by the pod's policy, or asked of the people.

A question stands in the pod's inbox until somebody answers it, or the agent is cancelled: then it is withdrawn, so that
nobody answers what nobody waits for.
"""

import asyncio
import difflib
import shlex
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from acp.schema import PermissionOption, ToolCallUpdate

from podium.chassis.tasks import TaskSet
from podium.client.errors import PodiumError
from podium.jobs.v1 import artifact_events_pb2 as pb
from podium.pods.v1.pod_pb2 import Message, Pod
from podium.pods.v1.pod_service_pb2 import AskQuestionRequest
from podium.runner.acp import files
from podium.runner.acp.narrator import Narrator
from podium.runner.acp.permissions import Option, Rules, Wish, granted, labels, names_of_tools, refused, tool_of
from podium.runner.agents.finishing import cut
from podium.runner.agents.turns import Stage
from podium.runner.mcp.access import SERVER_NAME
from podium.runner.verbs import VERBS

_LOOK_SECONDS = 30.0
"""How often an answer is looked for although nobody said that there is one."""
_POLICY_SECONDS = 2.0
"""How old what is known of the policy may be."""
_WITHDRAW_SECONDS = 5.0
_GRANT = "policy"
_DIFF_LINES = 60
_CONTENT_BYTES = 16_000


class Permissions:
    """Answers the permission requests of one agent."""

    def __init__(self, stage: Stage, pod: Pod, narrator: Narrator) -> None:
        self._stage = stage
        self._agent = stage.agent
        self._narrator = narrator
        self._pod = pod
        self._pod_read = float("-inf")
        self._own_tools = names_of_tools(SERVER_NAME, (verb.tool for verb in VERBS))
        self._worktree = stage.around.worktree
        self._cancelled = asyncio.Event()
        self._asking: set[str] = set()
        self._quiet = asyncio.Event()
        self._quiet.set()

    def begin(self) -> None:
        """A turn begins: what is asked from now on may be answered."""
        self._cancelled.clear()

    async def cancel(self) -> None:
        """The turn is cancelled: whoever waits for an answer gets none, and his question is withdrawn."""
        self._cancelled.set()
        try:
            async with asyncio.timeout(_WITHDRAW_SECONDS):
                await self._quiet.wait()
        except TimeoutError:
            self._stage.transcript.say("a question could not be withdrawn: the pod cannot be reached")

    async def choose(self, call: ToolCallUpdate, options: Sequence[PermissionOption]) -> str | None:
        """The id of the option that was chosen; None: the request is cancelled."""
        offered = [Option(o.option_id, o.kind, o.name) for o in options]
        self._narrator.calls.take(call.model_copy(update={"status": None}))  # how far it is, updates say
        wish = self._wish(call)
        tool = tool_of(wish, self._inside)
        rules = Rules(
            (await self._policy()).policy.permissions,
            self._stage.profile.allow_commands,
            self._own_tools,
            self._inside,
        )
        allowed = granted(offered)
        if allowed is not None and rules.grants(wish):
            self._tell(call, tool, f"✓ allowed by the policy: {wish.title}\n", choice=allowed.name, by=_GRANT)
            return allowed.id
        name = uuid.uuid4().hex
        self._asking.add(name)
        self._quiet.clear()
        try:
            return await self._ask(call, wish, tool, labels(offered))
        finally:
            self._asking.discard(name)
            if not self._asking:
                self._quiet.set()

    async def withdraw_old(self) -> None:
        """What an earlier process of this agent asked, nobody waits for any more."""
        pod = await self._stage.house.pod_of(self._agent)
        for message in pod.messages if pod is not None else ():
            mine = message.author == f"agent:{self._agent.record.agent_id}"
            if mine and message.permission_tool and not message.HasField("answer"):
                self._agent.withdraw(message.id)

    # -- asking ------------------------------------------------------------------------------------------------------

    async def _ask(self, call: ToolCallUpdate, wish: Wish, tool: str, choices: dict[str, Option]) -> str | None:
        if not choices:
            return None
        question = AskQuestionRequest(
            content=cut(self._agent.redactor.text(_content(wish, call)), _CONTENT_BYTES),
            options=[self._agent.redactor.text(label) for label in choices],
            blocking=True,
            question_key=f"permission {uuid.uuid4().hex}",
            workstream_id=self._agent.record.order.launch.workstream_id,
            permission_tool=self._agent.redactor.text(tool),
        )
        self._tell(call, tool, f"? may it: {wish.title}\n")
        message = await self._answered(question)
        if message is None:
            self._tell(call, tool, "  nobody answered; cancelled\n")
            return None
        self._pod_read = float("-inf")  # who answers may have changed the policy too
        answer = message.answer
        label = dict(zip(question.options, choices, strict=True)).get(answer.choice, "")
        option = choices.get(label) or refused(list(choices.values()))
        if option is not None and option.allows and answer.by == _GRANT:
            # A grant of the pod is the pod's to take back: the agent shall ask again.
            option = granted(list(choices.values())) or option
        chosen = answer.choice or answer.text
        self._tell(call, tool, f"  {answer.by}: {chosen}\n", choice=chosen, by=answer.by, message_id=message.id)
        return option.id if option is not None else None

    async def _answered(self, question: AskQuestionRequest) -> Message | None:
        """The question with its answer; None where the turn was cancelled first, or the pod refuses the question."""
        asked = ""
        try:
            async with TaskSet("permission") as tasks:
                cancelled = tasks.spawn(self._cancelled.wait(), name="cancelled")
                while not cancelled.done():
                    # To its end, cancelled or not: a question that is asked must be known, to be withdrawn.
                    message = await self._agent.put_question(question, "", _LOOK_SECONDS)
                    if message is None:
                        continue
                    asked = message.id
                    if message.HasField("answer"):
                        return self._agent.heard_answer(message)
                    news = self._agent.questions.setdefault(asked, asyncio.Event())
                    news.clear()
                    waiting = tasks.spawn(news.wait(), name="answer")
                    await asyncio.wait({waiting, cancelled}, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                    waiting.cancel()
        except PodiumError as error:
            self._stage.transcript.say(f"the pod takes no question: {error}")
            return None
        if asked:
            self._agent.withdraw(asked)
        return None

    # -- what is known -----------------------------------------------------------------------------------------------

    async def _policy(self) -> Pod:
        """The pod, read anew where what is known is old: people change the policy while agents work."""
        clock = self._stage.house.clock
        if clock() - self._pod_read > _POLICY_SECONDS:
            pod = await self._stage.house.pod_of(self._agent)
            if pod is not None:
                self._pod, self._pod_read = pod, clock()
        return self._pod

    def _inside(self, path: str) -> bool:
        return files.inside(self._worktree, path) is not None

    def _wish(self, call: ToolCallUpdate) -> Wish:
        known = self._narrator.calls.known(call.tool_call_id)
        given = call.raw_input or self._narrator.calls.input_of(call.tool_call_id)
        given = given if isinstance(given, dict) else {}
        meta = call.field_meta or {}
        paths = [place.path for place in call.locations or ()]
        paths += [part.path for part in call.content or () if part.type == "diff"]
        return Wish(
            kind=call.kind or known.kind or "other",
            title=self._narrator.calls.brief(call.title or known.title or call.tool_call_id),
            command=_command(given.get("command")),
            paths=tuple(dict.fromkeys(paths)) or tuple(str(Path(place.path)) for place in known.locations),
            name=str(meta.get("toolName") or ""),
            url=str(given.get("url") or ""),
        )

    def _tell(
        self, call: ToolCallUpdate, tool: str, readable: str, *, choice: str = "", by: str = "", message_id: str = ""
    ) -> None:
        permission = pb.Permission(
            tool_call_id=call.tool_call_id[:400], tool=tool, choice=choice, by=by, message_id=message_id
        )
        self._narrator.permission(permission, readable)


def _command(value: Any) -> str:
    if isinstance(value, list):
        return shlex.join(str(word) for word in value)
    return str(value or "")


def _content(wish: Wish, call: ToolCallUpdate) -> str:
    """The question, in Markdown: what it wants to do, with the command or the change."""
    lines = [f"May it {_VERBS.get(wish.kind, 'use')}: {_code(wish.command or wish.title)}"]
    outside = [path for path in wish.paths if path not in wish.title]
    if outside:
        lines.append(f"It is about {', '.join(_code(path) for path in outside[:20])}.")
    lines += [
        _diff(part.path, part.old_text or "", part.new_text) for part in call.content or () if part.type == "diff"
    ]
    lines += [
        part.content.text for part in call.content or () if part.type == "content" and part.content.type == "text"
    ]
    return "\n\n".join(lines)


_VERBS = {
    "edit": "change",
    "delete": "delete",
    "move": "move",
    "read": "read",
    "search": "search",
    "execute": "run",
    "fetch": "fetch",
}


def _code(text: str) -> str:
    fence = "`" * (1 + max((len(run) for run in text.split("`")), default=0) if "`" in text else 1)
    return f"{fence}{text}{fence}" if "\n" not in text else f"\n\n```\n{text}\n```"


def _diff(path: str, old: str, new: str) -> str:
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), path, path, lineterm=""))
    more = [f"… {len(lines) - _DIFF_LINES} lines more"] if len(lines) > _DIFF_LINES else []
    shown = "\n".join(lines[:_DIFF_LINES] + more)
    return f"````diff\n{shown}\n````"
