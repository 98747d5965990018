"""What a session says, into the transcript (readable, and as what it is) and, thinned out, to the pod."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from podium.jobs.v1 import artifact_events_pb2 as pb
from podium.pods.v1.pod_pb2 import (
    CHECKLIST_STATE_DOING,
    CHECKLIST_STATE_DONE,
    CHECKLIST_STATE_TODO,
    ChecklistItem,
)
from podium.pods.v1.pod_service_pb2 import UpdateChecklistRequest
from podium.runner.acp.tool_calls import Calls, Update
from podium.runner.acp.usage import Meter
from podium.runner.agents.live import LiveAgent
from podium.runner.redaction import Redactor
from podium.runner.transcripts import Transcript

PROGRESS_SECONDS = 3.0
"""At most one line of progress in this time; the newest is never lost."""
_USAGE_SECONDS = 15.0
_MESSAGE_CHARACTERS = 16_000
_LOG_LINE_BYTES = 8192
_SHOWN_LINES = 8
_MOST_ENTRIES = 200
_ENTRY = 1000
_CHECKLIST = {
    "completed": (CHECKLIST_STATE_DONE, "[x]"),
    "in_progress": (CHECKLIST_STATE_DOING, "[~]"),
    "pending": (CHECKLIST_STATE_TODO, "[ ]"),
}
_MARKS = {
    pb.TOOL_CALL_STATUS_IN_PROGRESS: "▸",
    pb.TOOL_CALL_STATUS_COMPLETED: "✓",
    pb.TOOL_CALL_STATUS_FAILED: "✗",
}


class Narrator:
    """Takes a session's updates. While `replaying`, they are an old session's history, told before."""

    def __init__(
        self, agent: LiveAgent, transcript: Transcript, worktree: Path, clock: Callable[[], float], meter: Meter
    ) -> None:
        self._agent = agent
        self._transcript = transcript
        self._clock = clock
        self.calls = Calls(worktree)
        self.meter = meter
        self.replaying = False
        self.message = ""
        """The end of what the agent has said in this turn."""
        self._speech = pb.SPEECH_UNSPECIFIED
        self._redactor: Redactor | None = None
        self._line_begun = False
        self._log = b""
        self._log_redactor: Redactor | None = None
        self._plan: list[tuple[str, str]] = []
        self._progress = ""
        self._told_progress = ""
        self._progress_at = self._usage_at = float("-inf")

    # -- updates -----------------------------------------------------------------------------------------------------

    def take(self, update: Any) -> None:
        """One update, as the protocol's library gives it."""
        if self.replaying:
            return
        match update.session_update:
            case "agent_message_chunk":
                self.meter.piece(update.field_meta)
                self.say(pb.SPEECH_MESSAGE, _text(update.content))
            case "agent_thought_chunk":
                self.say(pb.SPEECH_THOUGHT, _text(update.content))
            case "tool_call" | "tool_call_update":
                self.meter.piece(update.field_meta)
                self._tool(update)
            case "plan":
                self._take_plan([(entry.content, entry.status) for entry in update.entries])
            case "usage_update":
                cost = update.cost
                self.meter.state(
                    update.used, update.size, cost and cost.amount, cost.currency if cost is not None else ""
                )
        self._tell_usage()
        self._tell_progress()

    def begin(self, number: int, said: str) -> None:
        """A turn begins."""
        self.message = ""
        self._transcript.update(pb.SessionUpdate(turn=pb.TurnMark(number=number)))
        self._transcript.say(f"turn {number}")
        if said.strip():
            self._transcript.write(self._agent.redactor.text(said).encode(), pb.TRANSCRIPT_SOURCE_INPUT)

    def end(self, number: int, stop_reason: str) -> None:
        """A turn has ended: what was held back is told."""
        self._hush()
        if self._log_redactor is not None and (rest := self._log + self._log_redactor.flush()):
            self._log = b""
            self._tell_log(rest)
        self._transcript.update(pb.SessionUpdate(turn=pb.TurnMark(number=number, stop_reason=stop_reason)))
        self._transcript.update(pb.SessionUpdate(usage=self.meter.total))
        self._transcript.say(f"turn {number} ended: {stop_reason}")
        self._tell_progress(now=True)

    # -- speech ------------------------------------------------------------------------------------------------------

    def say(self, speech: "pb.Speech.ValueType", text: str) -> None:
        """A piece of speech; secrets are found in it also where they arrive in pieces."""
        if not text:
            return
        if speech == pb.SPEECH_MESSAGE:
            self.message = (self.message + self._agent.redactor.text(text))[-_MESSAGE_CHARACTERS:]
        if speech != self._speech or self._redactor is None:
            self._hush()
            self._speech, self._redactor = speech, self._agent.redactor.another()
            if speech == pb.SPEECH_THOUGHT:
                self._write(speech, "(thinking) ")
        self._write(speech, self._redactor.feed(text.encode(errors="replace")).decode(errors="replace"))

    def log(self, data: bytes) -> None:
        """What its program writes beside the protocol; told by whole lines, in between what is said."""
        if self._log_redactor is None:
            self._log_redactor = self._agent.redactor.another()
        self._log += self._log_redactor.feed(data)
        whole, _, self._log = self._log.rpartition(b"\n")
        if whole:
            self._tell_log(whole)
        elif len(self._log) > _LOG_LINE_BYTES:
            self._tell_log(self._log)
            self._log = b""

    def _tell_log(self, data: bytes) -> None:
        self._end_line()
        lines = data.decode(errors="replace").splitlines()
        self._write(pb.SPEECH_LOG, "".join(f"! {line}\n" for line in lines))

    def _write(self, speech: "pb.Speech.ValueType", text: str) -> None:
        if text:
            self._transcript.update(pb.SessionUpdate(speech=pb.SpeechPiece(speech=speech)), text)
            self._line_begun = not text.endswith("\n")

    def _end_line(self) -> None:
        if self._line_begun:
            self._write(self._speech, "\n")

    def _hush(self) -> None:
        """The speech is over: its rest is written, and the line ended."""
        if self._redactor is not None:
            self._write(self._speech, self._redactor.flush().decode(errors="replace"))
        self._end_line()
        self._redactor = None

    # -- tools -------------------------------------------------------------------------------------------------------

    def _tool(self, update: Update) -> None:
        before, call = self.calls.take(update)
        given = self.calls.input_of(call.id)
        todos = given.get("todos") if isinstance(given, dict) else None
        if isinstance(todos, list) and call.status >= pb.TOOL_CALL_STATUS_IN_PROGRESS:
            # Some agents keep their list by a tool of their own, and say nothing of a plan.
            self._take_plan([_todo(each) for each in todos if isinstance(each, dict)])
        call.title = self._agent.redactor.text(call.title)
        call.output = self._agent.redactor.text(call.output)
        moved = call.status != before.status
        if not moved and call.title == before.title:
            return
        self._hush()
        readable = _readable(call) if moved and not isinstance(todos, list) else ""
        self._transcript.update(pb.SessionUpdate(tool_call=call), readable)
        if moved and call.status == pb.TOOL_CALL_STATUS_IN_PROGRESS:
            self._progress = _line(call)

    def permission(self, permission: pb.Permission, readable: str) -> None:
        """A permission was asked for, or answered."""
        self._hush()
        self._transcript.update(pb.SessionUpdate(permission=permission), self._agent.redactor.text(readable))

    # -- plans -------------------------------------------------------------------------------------------------------

    def _take_plan(self, entries: Sequence[tuple[str, str]]) -> None:
        plan = [(self._agent.redactor.text(text)[:_ENTRY], status) for text, status in entries[:_MOST_ENTRIES]]
        if plan == self._plan:
            return
        self._plan = plan
        self._hush()
        shown = pb.AgentPlan(entries=[pb.AgentPlanEntry(text=text, status=status) for text, status in plan])
        lines = "".join(f"  {_state(status)[1]} {text}\n" for text, status in plan)
        self._transcript.update(pb.SessionUpdate(plan=shown), f"· plan\n{lines}")
        workstream_id = self._agent.record.order.launch.workstream_id
        if workstream_id and not self._agent.keeps_checklist and not self._agent.outbox.crowded:
            items = [ChecklistItem(text=text, state=_state(status)[0]) for text, status in plan]
            request = UpdateChecklistRequest(workstream_id=workstream_id, items=items)
            self._agent.outbox.put("checklist", request, "")

    # -- to the pod --------------------------------------------------------------------------------------------------

    def _tell_progress(self, *, now: bool = False) -> None:
        due = now or self._clock() - self._progress_at >= PROGRESS_SECONDS
        if self._progress and self._progress != self._told_progress and due and not self._agent.outbox.crowded:
            self._progress_at, self._told_progress = self._clock(), self._progress
            self._agent.progress(self._progress)

    def _tell_usage(self) -> None:
        if self._clock() - self._usage_at >= _USAGE_SECONDS:
            self._usage_at = self._clock()
            self._agent.report_usage()


def _text(content: Any) -> str:
    """The words of a piece of content; what is no text is named."""
    if content.type == "text":
        return str(content.text)
    return f"[{content.type}]"


def _todo(entry: dict[str, Any]) -> tuple[str, str]:
    return str(entry.get("content", "")), str(entry.get("status", ""))


def _state(status: str) -> tuple[Any, str]:
    return _CHECKLIST.get(status, _CHECKLIST["pending"])


def _line(call: pb.ToolCall) -> str:
    """A call in one line: what, and what it is about where its title does not say."""
    title = call.title or call.kind or "a tool"
    places = [place.path for place in call.locations if place.path not in title]
    about = f" {places[0]}" if call.kind in ("edit", "read", "delete", "move") and places else ""
    return f"{title}{about}"


def _readable(call: pb.ToolCall) -> str:
    mark = _MARKS.get(call.status)
    if mark is None:
        return ""
    line = _line(call)
    paths = {change.path: "" if change.path in line else f" {change.path}" for change in call.changes}
    changed = "".join(f"{paths[each.path]} +{each.lines_added} −{each.lines_removed}" for each in call.changes)
    line = f"{mark} {line}{changed if call.status == pb.TOOL_CALL_STATUS_COMPLETED else ''}\n"
    if call.kind not in ("execute", "other") and call.status != pb.TOOL_CALL_STATUS_FAILED:
        return line
    output = call.output.strip().splitlines() if call.status != pb.TOOL_CALL_STATUS_IN_PROGRESS else []
    cut = ["…"] if len(output) > _SHOWN_LINES else []
    return line + "".join(f"  │ {each[:400]}\n" for each in cut + output[-_SHOWN_LINES:])
