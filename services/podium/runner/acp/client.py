"""What an agent may ask of us: our side of the protocol, as its library wants it."""

import asyncio
import logging
from typing import Any

from acp import RequestError
from acp.schema import (
    AllowedOutcome,
    ClientCapabilities,
    DeniedOutcome,
    FileSystemCapabilities,
    PermissionOption,
    ReadTextFileResponse,
    RequestPermissionResponse,
    SessionNotification,
    ToolCallUpdate,
    WriteTextFileResponse,
)
from pydantic import ValidationError

from podium.runner.acp import files
from podium.runner.acp.asking import Permissions
from podium.runner.acp.narrator import Narrator
from podium.runner.agents.turns import Stage

_log = logging.getLogger(__name__)

CAPABILITIES = ClientCapabilities(fs=FileSystemCapabilities(read_text_file=True, write_text_file=True), terminal=False)
"""Files of the worktree. No terminals: what an agent runs, it runs itself, in the process group that ends with it."""
_AT_ONCE = 64
_STRANGE_TOLD = 5


class Client:
    """Answers an agent's requests; the session's updates go to the narrator."""

    def __init__(self, stage: Stage, narrator: Narrator, permissions: Permissions) -> None:
        self._stage = stage
        self._narrator = narrator
        self._permissions = permissions
        self._reading = asyncio.Semaphore(4)
        self._asking = 0
        self._strange = 0

    def updated(self, params: Any) -> None:
        """Something happened in the session: in order, and without a task for each piece of speech."""
        try:
            update = SessionNotification.model_validate(params).update
        except ValidationError:
            self._strange += 1
            if self._strange <= _STRANGE_TOLD:
                kind = params.get("update", {}).get("sessionUpdate") if isinstance(params, dict) else ""
                self._stage.transcript.say(f"an update that is not understood: {str(kind)[:100]}")
            return
        self._narrator.take(update)

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        """What the library would bring, had `updated` not taken it before."""
        self._narrator.take(update)

    async def request_permission(
        self, options: list[PermissionOption], session_id: str, tool_call: ToolCallUpdate, **meta: Any
    ) -> RequestPermissionResponse:
        """It wants to do something that may need leave."""
        if self._asking >= _AT_ONCE:
            raise RequestError(-32000, f"more than {_AT_ONCE} permissions are asked for at once")
        self._asking += 1
        try:
            chosen = await self._permissions.choose(tool_call, options)
        finally:
            self._asking -= 1
        if chosen is None:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=chosen))

    async def read_text_file(
        self, path: str, session_id: str, limit: int | None = None, line: int | None = None, **_: Any
    ) -> ReadTextFileResponse:
        """It reads a file of its worktree."""
        async with self._reading:
            try:
                text = await asyncio.to_thread(files.read, self._worktree, path, line, limit)
            except files.FileMissing:
                raise RequestError.resource_not_found(path) from None
            except files.FileRefused as refusal:
                raise self._refused(refusal) from None
        return ReadTextFileResponse(content=text)

    async def write_text_file(self, content: str, path: str, session_id: str, **_: Any) -> WriteTextFileResponse:
        """It writes a file of its worktree."""
        async with self._reading:
            try:
                await asyncio.to_thread(files.write, self._worktree, path, content)
            except files.FileRefused as refusal:
                raise self._refused(refusal) from None
        return WriteTextFileResponse()

    async def create_terminal(self, **_: Any) -> None:
        """It wants us to run a command, which we did not offer."""
        raise RequestError.method_not_found("terminal/create: run it yourself; your processes end with you")

    async def ext_method(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """An extension that we do not know."""
        raise RequestError.method_not_found(f"_{method}")

    async def ext_notification(self, method: str, params: dict[str, Any]) -> None:
        """An extension that we do not know; nobody waits for an answer."""
        _log.debug("agent %s: a notification that nobody knows: %s", self._stage.agent.record.agent_id, method)

    @property
    def _worktree(self) -> Any:
        return self._stage.around.worktree

    def _refused(self, refusal: files.FileRefused) -> RequestError:
        self._stage.transcript.say(f"refused: {refusal}")
        return RequestError.invalid_params({"details": str(refusal)})
