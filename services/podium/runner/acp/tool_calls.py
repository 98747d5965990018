"""The calls of tools in a session: what is known of each, put together from the agent's updates."""

import difflib
import os
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from acp.schema import ToolCallProgress, ToolCallStart, ToolCallUpdate

from podium.jobs.v1 import artifact_events_pb2 as pb

_KEPT = 500
_LISTED = 20
_TITLE = 400
_OUTPUT = 4096
_COMPARED_CHARACTERS = 200_000
STATUS = {
    "pending": pb.TOOL_CALL_STATUS_PENDING,
    "in_progress": pb.TOOL_CALL_STATUS_IN_PROGRESS,
    "completed": pb.TOOL_CALL_STATUS_COMPLETED,
    "failed": pb.TOOL_CALL_STATUS_FAILED,
}
Update = ToolCallStart | ToolCallProgress | ToolCallUpdate


class Calls:
    """The newest calls by their ids."""

    def __init__(self, worktree: Path) -> None:
        self._root = os.path.realpath(worktree)
        self._calls: OrderedDict[str, pb.ToolCall] = OrderedDict()
        self._inputs: dict[str, Any] = {}

    def take(self, update: Update) -> tuple[pb.ToolCall, pb.ToolCall]:
        """An update of a call; the call as it was before (empty for a new one), and as it is now."""
        name = update.tool_call_id[:_TITLE]
        before = self._calls.get(name, pb.ToolCall(id=name))
        call = pb.ToolCall()
        call.CopyFrom(before)
        if update.title:
            call.title = self.brief(update.title)
        if update.kind:
            call.kind = update.kind
        if update.status:
            call.status = STATUS.get(update.status, call.status)
        if update.locations:
            del call.locations[:]
            call.locations.extend(
                pb.ToolLocation(path=self.shown(place.path), line=max(place.line or 0, 0))
                for place in update.locations[:_LISTED]
            )
        if update.raw_input:
            self._inputs[name] = update.raw_input
        self._take_content(call, update)
        self._keep(name, call)
        return before, call

    def input_of(self, name: str) -> Any:
        """What a call was given, as far as the agent says."""
        return self._inputs.get(name[:_TITLE])

    def known(self, name: str) -> pb.ToolCall:
        """What is known of a call."""
        return self._calls.get(name[:_TITLE], pb.ToolCall(id=name[:_TITLE]))

    def brief(self, title: str) -> str:
        """A title in one line, with the worktree's files as they are called there."""
        return " ".join(title.replace(f"{self._root}/", "").split())[:_TITLE]

    def _keep(self, name: str, call: pb.ToolCall) -> None:
        self._calls[name] = call
        self._calls.move_to_end(name)
        if len(self._calls) > _KEPT:
            oldest, _ = self._calls.popitem(last=False)
            self._inputs.pop(oldest, None)

    def _take_content(self, call: pb.ToolCall, update: Update) -> None:
        if update.content is None:
            return
        texts = []
        changes: dict[str, pb.FileChange] = {}
        for part in update.content:
            if part.type == "diff":
                path = self.shown(part.path)
                changes[path] = _change(path, part.old_text or "", part.new_text)
            elif part.type == "content" and part.content.type == "text":
                texts.append(part.content.text)
        if changes:
            del call.changes[:]
            call.changes.extend(list(changes.values())[:_LISTED])
        if texts:
            call.output = _end("\n".join(texts))

    def shown(self, path: str) -> str:
        """A path from the worktree's root, where it lies there."""
        found = os.path.realpath(os.path.join(self._root, path))  # noqa: PTH118 - an absolute path stays one
        inside = found.startswith(self._root + os.sep)
        return (found[len(self._root) + 1 :] if inside else path)[:_TITLE]


def _end(text: str) -> str:
    return text.encode(errors="replace")[-_OUTPUT:].decode(errors="ignore")


def _change(path: str, old: str, new: str) -> pb.FileChange:
    """How many lines came and went; of a large file how many it has more or less."""
    before, after = old.splitlines(), new.splitlines()
    if len(old) + len(new) > _COMPARED_CHARACTERS:
        more = len(after) - len(before)
        return pb.FileChange(path=path, lines_added=max(more, 0), lines_removed=max(-more, 0))
    lines = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
    return pb.FileChange(path=path, lines_added=_starting(lines, "+"), lines_removed=_starting(lines, "-"))


def _starting(lines: Iterable[str], mark: str) -> int:
    return sum(line.startswith(mark) for line in lines)
