"""All terminals of this runner: people's sessions, and agents that run in one."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from podium.chassis.tasks import TaskSet
from podium.client.connection import Podium
from podium.runner.terminals.pace import Flow, Pace
from podium.runner.terminals.serving import Serving
from podium.runner.terminals.terminal import Terminal
from podium.tasks.v1.terminal_service_pb2_grpc import TerminalServiceStub

if TYPE_CHECKING:
    from podium.tasks.v1.terminal_service_pb2_grpc import TerminalServiceAsyncStub


class Terminals:
    """Opens terminals and has them served; a terminal goes when it was told its end and that is served too."""

    def __init__(self, client: Podium, tasks: TaskSet, clock: Callable[[], float]) -> None:
        self._client = client
        self._tasks = tasks
        self._pace = Pace(clock)
        self._home: TerminalServiceAsyncStub | None = None

    def open(
        self, project_id: str, session_id: str, keep_typed: Callable[[bytes], None], size: tuple[int, int]
    ) -> Terminal:
        """A terminal; nobody sees it before `serve`."""
        return Terminal(project_id, session_id, Flow(self._pace), keep_typed, size)

    def serve(self, terminal: Terminal, on_refused: Callable[[str], None] | None = None) -> None:
        """Let people watch it and type into it; `on_refused` hears when it is not (or no more) ours."""
        serving = Serving(terminal, self._stub, on_refused)
        self._tasks.spawn(serving.run(), name=f"terminal {terminal.session_id}")

    def _stub(self, address: str) -> "TerminalServiceAsyncStub":
        if address:
            return TerminalServiceStub(self._client.channel(address))
        if self._home is None:
            self._home = self._client.terminals
        return self._home
