"""A session with an agent: its program started, introduced to, and given a session, new or loaded again."""

import asyncio
from collections.abc import Awaitable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

from acp import PROTOCOL_VERSION, RequestError
from acp.client import ClientSideConnection
from acp.schema import HttpHeader, HttpMcpServer, Implementation, InitializeResponse, TextContentBlock

from podium.runner.acp.client import CAPABILITIES, Client
from podium.runner.acp.process import AgentProcess
from podium.runner.agents.turns import GoneError, Stage
from podium.runner.processes.supervised import StartError

T = TypeVar("T")
AUTH_REQUIRED = -32000
"""The protocol's code for "log in first"."""
_CANCEL_SECONDS = 2.0


class LoginError(Exception):
    """The agent wants a login; the message names its ways."""


class Session:
    """One session; make it with `open`."""

    def __init__(self, stage: Stage, process: AgentProcess, connection: ClientSideConnection) -> None:
        self._stage = stage
        self._process = process
        self._connection = connection
        self._about: InitializeResponse
        self.id = ""
        self.fresh = True
        """It knows nothing yet of what was said before."""

    @classmethod
    async def open(cls, stage: Stage, process: AgentProcess, client: Client, load: str) -> "Session":
        """Introduce ourselves and get a session; `load` is the id of one to go on with, where the agent can.

        Raises StartError, LoginError, GoneError (the session to load is gone).
        """
        process.wire.on_update = client.updated
        session = cls(stage, process, ClientSideConnection(client, process.wire))  # type: ignore[arg-type]
        try:
            async with asyncio.timeout(stage.profile.start_limit_seconds):
                await session._introduce()
                await session._get(load)
                await session._configure()
        except TimeoutError:
            seconds = stage.profile.start_limit_seconds
            raise StartError(f"it was not ready within {seconds:g} s (start_limit_seconds)") from None
        return session

    @property
    def can_load(self) -> bool:
        """Whether the session can be gone on with by another process of the agent."""
        capabilities = self._about.agent_capabilities
        return bool(capabilities and capabilities.load_session)

    async def prompt(self, text: str) -> Any:
        """Take a turn; the agent's answer to it. Raises RequestError, ConnectionError."""
        return await self._connection.prompt(session_id=self.id, prompt=[TextContentBlock(type="text", text=text)])

    async def cancel(self) -> None:
        """Ask for the end of the turn; best effort."""
        try:
            async with asyncio.timeout(_CANCEL_SECONDS):
                await self._connection.cancel(session_id=self.id)
        except (ConnectionError, TimeoutError, RequestError):
            return

    async def close(self) -> None:
        """Say nothing more."""
        await self._connection.close()

    # -- its beginning -----------------------------------------------------------------------------------------------

    async def _introduce(self) -> None:
        info = Implementation(name="podium", title="Podium", version=_version())
        about = await self._ask(
            "initialize",
            self._connection.initialize(
                protocol_version=PROTOCOL_VERSION, client_capabilities=CAPABILITIES, client_info=info
            ),
        )
        if about.protocol_version != PROTOCOL_VERSION:
            raise StartError(
                f"it speaks version {about.protocol_version} of the protocol, and Podium version {PROTOCOL_VERSION}"
            )
        self._about = about
        if about.agent_info is not None:
            self._stage.transcript.say(f"{about.agent_info.name} {about.agent_info.version}")
        if method := self._stage.profile.auth_method:
            offered = [each.id for each in about.auth_methods or ()]
            if method not in offered:
                raise StartError(f"it has no auth_method {method!r}; it has: {', '.join(offered) or 'none'}")
            await self._ask("authenticate", self._connection.authenticate(method_id=method))

    async def _get(self, load: str) -> None:
        servers = await self._servers()
        cwd = str(self._stage.around.worktree)
        if load and self.can_load:
            try:
                await self._connection.load_session(cwd=cwd, session_id=load, mcp_servers=servers)
            except RequestError as error:
                raise GoneError(f"its session could not be loaded again: {said(error)}") from error
            except ConnectionError as error:
                raise await self._lost("session/load") from error
            self.id, self.fresh = load, False
            return
        self._made = await self._ask("session/new", self._connection.new_session(cwd=cwd, mcp_servers=servers))
        self.id = self._made.session_id

    async def _servers(self) -> list[Any]:
        """Podium's tools, where the profile and the agent want them."""
        stage, capabilities = self._stage, self._about.agent_capabilities
        if not stage.profile.mcp:
            return []
        if not (capabilities and capabilities.mcp_capabilities and capabilities.mcp_capabilities.http):
            stage.transcript.say("it takes no tools over HTTP; it has `podium agent` on its PATH")
            return []
        access = await stage.house.mcp.server_for(stage.agent)
        headers = [HttpHeader(name=name, value=value) for name, value in access.headers.items()]
        return [HttpMcpServer(type="http", name=access.name, url=access.url, headers=headers)]

    async def _configure(self) -> None:
        """Set what the profile wants set. An agent that does not offer it is told apart from one that refuses it."""
        profile = self._stage.profile
        if not self.fresh:
            return
        offered = {option.id: option for option in self._made.config_options or ()}
        categories = {option.category: option.id for option in offered.values() if option.category}
        if profile.model:
            name = "model" if "model" in offered else categories.get("model", "")
            await self._set("model", name, profile.model)
        if profile.mode:
            name = "mode" if "mode" in offered else categories.get("mode", "")
            modes = self._made.modes
            if not name and modes and profile.mode in [mode.id for mode in modes.available_modes]:
                setting = self._connection.set_session_mode(session_id=self.id, mode_id=profile.mode)
                await self._ask("session/set_mode", setting)
            else:
                await self._set("mode", name, profile.mode)
        for name, value in profile.options.items():
            await self._set(f"options.{name}", name if name in offered else "", value)

    async def _set(self, setting: str, name: str, value: str | bool) -> None:
        options = {option.id: option for option in self._made.config_options or ()}
        if not name:
            raise StartError(f"it offers no such choice: {setting}; it offers: {', '.join(options) or 'none'}")
        choices = _choices(options[name])
        if choices and value not in choices:
            raise StartError(f"{setting} = {value!r} is not offered; it offers: {', '.join(choices[:40])}")
        setting_it = self._connection.set_config_option(config_id=name, session_id=self.id, value=value)
        await self._ask(f"session/set_config_option ({setting})", setting_it)

    async def _ask(self, what: str, call: Awaitable[T]) -> T:
        try:
            return await call
        except RequestError as error:
            if error.code == AUTH_REQUIRED:
                ways = [f"{way.name} ({way.id})" for way in self._about.auth_methods or ()]
                hint = f"; it offers: {', '.join(ways)}" if ways else ""
                raise LoginError(f"it wants a login: {said(error)}{hint}") from error
            raise StartError(f"{what}: {said(error)}") from error
        except ConnectionError as error:
            raise await self._lost(what) from error
        except ValueError as error:
            raise StartError(f"{what}: its answer is not understood: {str(error)[:500]}") from error

    async def _lost(self, what: str) -> StartError:
        """The connection ended: why."""
        if self._process.wire.problem:
            return StartError(self._process.wire.problem)
        self._process.stop()
        ended = await self._process.ended
        return StartError(f"it ended instead of answering {what}: {ended.ended.value}, status {ended.status}")


def _version() -> str:
    try:
        return version("podium")
    except PackageNotFoundError:
        return "0"


def said(error: RequestError) -> str:
    """An agent's error in words: its message, and the details that many put beside it."""
    data = error.data
    details = data.get("details") or data.get("message") if isinstance(data, dict) else data
    words = str(error)
    return f"{words}: {details}"[:2000] if details and str(details) not in words else words[:2000]


def _choices(option: Any) -> list[str]:
    """The values that an option can have; empty: any."""
    found: list[str] = []
    for each in getattr(option, "options", None) or ():
        found += [each.value] if hasattr(each, "value") else [one.value for one in each.options]
    return found
