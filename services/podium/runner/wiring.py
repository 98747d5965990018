"""Putting a runner together."""

import fcntl
import logging
import os
import time
from collections.abc import Awaitable, Callable, Sequence

from podium.agents.v1.agent_service_pb2_grpc import add_AgentServiceServicer_to_server
from podium.chassis.server import Registration, Shell
from podium.client.connection import Podium
from podium.events.v1.event_pb2 import StreamAppend
from podium.events.v1.event_service_pb2 import SetStreamMetadataRequest, StreamRetention
from podium.runner.agents.calls import pod_reader
from podium.runner.agents.crew import Crew, Means
from podium.runner.agents.household import Household
from podium.runner.artifacts import Artifacts
from podium.runner.endpoint import Endpoint
from podium.runner.environment import install_command
from podium.runner.jobs.board import Board, Positions
from podium.runner.jobs.dispatcher import Dispatcher
from podium.runner.jobs.errands import Errands
from podium.runner.jobs.follower import follow
from podium.runner.jobs.requests import Requests
from podium.runner.layout import Layout
from podium.runner.lease import Lease
from podium.runner.limits import follow_capacity
from podium.runner.mcp.access import McpEndpoint
from podium.runner.processes.journal import Journal
from podium.runner.redaction import guard_logs
from podium.runner.settings import RunnerSettings, load_settings
from podium.runner.terminals.life import SessionMeans
from podium.runner.terminals.orders import SessionOrders
from podium.runner.terminals.record import SessionRecords
from podium.runner.terminals.sessions import Sessions
from podium.runner.terminals.spawning import Spawning
from podium.runner.terminals.terminals import Terminals
from podium.runner.workspaces.git import check_version
from podium.runner.workspaces.service import Workspaces

_log = logging.getLogger(__name__)

SERVICE = "podium.agents.v1.AgentService"
_TRANSCRIPT_SECONDS = 5.0


class StoredTranscripts:
    """Transcripts in the event store."""

    def __init__(self, client: Podium) -> None:
        self._client = client

    async def append(self, append: StreamAppend) -> None:
        """Store events."""
        await self._client.events.append([append], timeout_seconds=_TRANSCRIPT_SECONDS)

    async def limit(self, stream: str, max_count: int) -> None:
        """Keep at most so many."""
        retention = StreamRetention(max_count=max_count)
        await self._client.event_store.SetStreamMetadata(
            SetStreamMetadataRequest(stream=stream, retention=retention), timeout=_TRANSCRIPT_SECONDS
        )


class AlreadyRunningError(OSError):
    """Another process runs this runner."""


def hold_lock(layout: Layout) -> int:
    """Make sure that this is the only runner of its name on this data directory. Raises AlreadyRunningError."""
    descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise AlreadyRunningError(f"{layout.root}: another process runs this runner") from None
    return descriptor


async def build(shell: Shell, settings: RunnerSettings | None = None) -> Sequence[Registration]:
    """Start a runner in its shell: leftovers ended, lease taken, agents of an earlier run accounted for."""
    settings = settings or load_settings(shell.settings.installation.config_file)
    settings = settings.model_copy(update={"id": settings.id or shell.settings.instance})
    layout = Layout.of(shell.settings.data_dir, settings.id, settings.workspaces)
    layout.ensure()
    guard_logs()
    lock = hold_lock(layout)
    _log.info("%s; profiles: %s", await check_version(), ", ".join(sorted(settings.profiles)) or "none")
    install_command(layout.bin)
    journal = Journal(layout.processes)
    await journal.end_leftovers(settings.grace_seconds)
    workspaces = Workspaces(layout, journal, settings.trust_repository, time.monotonic, settings.first_port)
    lease = _lease(shell, settings)
    mcp = McpEndpoint(shell.key)
    terminals = Terminals(shell.client, shell.tasks, time.monotonic)
    household = Household(
        workspaces,
        journal,
        shell.settings.advertise,
        layout.bin,
        time.monotonic,
        settings.grace_seconds,
        mcp,
        pod_reader(shell.client),
        terminals,
    )
    store = StoredTranscripts(shell.client)
    means = Means(shell.client, settings, household, store, lease)
    crew = Crew(means, shell.tasks)
    endpoint = Endpoint(crew.live, shell.client)
    mcp.speak_for(crew.live, endpoint)
    shell.on_stop(_closing(lock))
    shell.on_stop(lease.release)
    shell.on_stop(mcp.stop)
    shell.on_stop(crew.stop)
    sessions = _sessions(shell, settings, layout, lease, journal, terminals, store)
    shell.on_stop(sessions.stop)
    shell.tasks.spawn(_work(shell, settings, layout, lease, crew, sessions, workspaces), name="work")
    config_file = shell.settings.installation.config_file
    shell.tasks.spawn(follow_capacity(config_file, shell.clock, _resizing(crew, lease)), name="limits")
    return [Registration(add_AgentServiceServicer_to_server, endpoint, SERVICE)]


def _resizing(crew: Crew, lease: Lease) -> Callable[[int], Awaitable[None]]:
    async def resize(capacity: int) -> None:
        crew.resize(capacity)
        await lease.offer(capacity=str(capacity))

    return resize


def _lease(shell: Shell, settings: RunnerSettings) -> Lease:
    offered = {
        "service": "runner",
        "pools": ",".join(settings.pools),
        "profiles": ",".join(sorted(settings.profiles)),
        "capacity": str(settings.capacity),
        **{f"label.{name}": value for name, value in settings.labels.items()},
    }
    return Lease(
        shell.client.event_store,
        shell.clock,
        name=settings.id,
        address=shell.settings.advertise,
        metadata=offered,
        ttl_seconds=shell.settings.lease_ttl_seconds,
        renew_seconds=shell.settings.lease_renew_seconds,
    )


def _sessions(
    shell: Shell,
    settings: RunnerSettings,
    layout: Layout,
    lease: Lease,
    journal: Journal,
    terminals: Terminals,
    store: StoredTranscripts,
) -> Sessions:
    """People's sessions."""
    means = SessionMeans(
        client=shell.client,
        runner_id=settings.id,
        epoch=lease.epoch,
        records=SessionRecords(layout.sessions),
        spawning=Spawning(settings.profiles, layout.bin, settings.grace_seconds),
        terminals=terminals,
        journal=journal,
        store=store,
        clock=time.monotonic,
    )
    return Sessions(means, shell.tasks, settings.terminals)


async def _work(
    shell: Shell,
    settings: RunnerSettings,
    layout: Layout,
    lease: Lease,
    crew: Crew,
    sessions: Sessions,
    workspaces: Workspaces,
) -> None:
    """Wait for the store, then follow the jobs; the endpoint serves meanwhile."""

    async def register_again() -> None:
        sessions.register_again()
        await crew.register_again()

    await crew.recover()
    await lease.acquire()
    sessions.recover()
    shell.tasks.spawn(lease.keep(register_again), name="lease")
    await crew.register_again()
    own = f"jobs/{settings.id}"
    positions = Positions(layout.positions)
    streams = list(dict.fromkeys([own, *(f"jobs/{pool}" for pool in settings.pools)]))
    boards = [Board(stream, positions.of(stream)) for stream in streams]
    errands = Errands(workspaces, crew, Artifacts(shell.client), Requests(shell.client), settings.forges)
    dispatcher = Dispatcher(shell.client, boards, own, crew, errands, shell.tasks)
    orders = SessionOrders(boards, own, sessions, shell.tasks)

    def look() -> None:
        dispatcher.look()
        orders.look()

    shell.tasks.spawn(dispatcher.follow_room(), name="room")
    shell.tasks.spawn(orders.follow_room(), name="room for sessions")
    for board in boards:
        shell.tasks.spawn(follow(shell.client.events, board, positions, look), name=board.stream)


def _closing(descriptor: int) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        os.close(descriptor)

    return close
