"""The engine: all entities of one kind that this process owns."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Generic, TypeVar

from podium.chassis.engine.board import BoardLog
from podium.chassis.engine.entity import Entity
from podium.chassis.engine.history import read_events, span
from podium.chassis.engine.model import (
    Board,
    EngineSettings,
    Folded,
    Outcome,
    Owner,
    Spawner,
    View,
    WatchItem,
)
from podium.chassis.engine.ports import Clock, EntityCodec, Log, LogUnavailable
from podium.chassis.engine.saving import SnapshotSaver
from podium.chassis.engine.scanning import Scanner
from podium.chassis.engine.timers import Timers
from podium.chassis.engine.watching import watch_entity
from podium.kernel.entity import Domain, Recorded
from podium.kernel.errors import Rejection, invalid, unavailable
from podium.kernel.identity import CallerKind, Identity
from podium.kernel.ids import shard_of

S = TypeVar("S")
T = TypeVar("T")


class Engine(Generic[S]):
    """Runs a domain: `execute` commands, `view` and `watch` states. `adopt` what is owned first."""

    def __init__(
        self,
        domain: Domain[S],
        log: Log,
        codec: EntityCodec,
        clock: Clock,
        owner: Owner,
        tasks: Spawner,
        settings: EngineSettings | None = None,
    ) -> None:
        self.domain = domain
        self._log = log
        self._codec = codec
        self._clock = clock
        self._owner = owner
        self._tasks = tasks
        self._settings = settings or EngineSettings()
        self._entities: dict[str, Entity[S]] = {}
        self._scanner: Scanner[S] = Scanner(domain, log, codec, self._settings)
        self._timers = Timers(clock, tasks, self._due)
        self._board: BoardLog[S] = BoardLog(self._settings.heartbeat_seconds)
        self._saver: SnapshotSaver[S] = SnapshotSaver(log, codec, owner, tasks, self._settings, domain.schema_version)
        self._served: set[int] = set()
        self._stopping = False
        self._self = Identity(CallerKind.SERVICE, domain.service)

    # -- life ------------------------------------------------------------------------------------------------

    async def adopt(self, shards: Collection[int]) -> None:
        """Take over every entity of these shards at once: load it and let its scheduler look."""
        wanted = set(shards)
        listed = await self._log.list_entities(self.domain.category)
        heads = [head for head in listed if shard_of(head.entity_id) in wanted and head.entity_id not in self._entities]
        gate = asyncio.Semaphore(self._settings.load_concurrency)

        async def take_over(entity_id: str) -> None:
            async with gate:
                await self._entity(entity_id).ready()

        with _growing():
            scannable = self._scanner.worth(heads)
            scanned = await self._scanner.scan(scannable) if scannable else {}
            for entity_id, built in scanned.items():
                # One that somebody asked for meanwhile is there, and may be newer.
                with suppress(Rejection):
                    self._entity(entity_id, built)
            rest = [head.entity_id for head in heads if head.entity_id not in scanned]
            results = await asyncio.gather(*(take_over(eid) for eid in rest), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, Rejection):
                raise result
        self._served |= wanted & set(self._owner.owned())
        self._board.stir()

    def release(self, shards: Collection[int]) -> None:
        """Serve these shards no longer; whoever waits or watches is sent to the new owner."""
        gone = [eid for eid in self._entities if shard_of(eid) in set(shards)]
        self._served -= set(shards)
        self._close(gone, unavailable("NOT_OWNER", "the entity moved to another process"))
        self._board.stir()

    async def stop(self, grace_seconds: float = 5.0) -> None:
        """Refuse new commands, let what is queued commit (bounded), end all watches."""
        self._stopping = True
        self._timers.close()
        busy = [entity.settled() for entity in self._entities.values() if not entity.idle]
        if busy:
            waiting = asyncio.gather(*busy, return_exceptions=True)
            await asyncio.wait({asyncio.ensure_future(waiting)}, timeout=grace_seconds)
        self._close(list(self._entities), unavailable("NOT_READY", "the service is stopping; retry"))

    def _close(self, ids: Iterable[str], reason: Rejection) -> None:
        for entity_id in ids:
            self._timers.set(entity_id, None)
            self._entities.pop(entity_id).close(reason)
        # What was frozen while it was taken over may be garbage now.
        gc.unfreeze()

    # -- commands --------------------------------------------------------------------------------------------

    async def execute(
        self,
        entity_id: str,
        command: Any,
        *,
        actor: Identity,
        request_id: str,
        request_hash: str = "",
        traceparent: str = "",
    ) -> Outcome[S]:
        """Run a command and answer after its commit.

        Raises `Rejection`: the domain's own, REQUEST_ID_REUSED, NOT_OWNER, MAILBOX_FULL, NOT_READY, OUTCOME_UNKNOWN.
        """
        # `_using`, without the steps of a context manager.
        entity = self._entity(entity_id)
        entity.users += 1
        try:
            return await entity.execute(command, actor, request_id, request_hash, traceparent)
        finally:
            self._used(entity)

    def _loaded(self, entity: Entity[S]) -> None:
        """What was taken over, or rebuilt after a failure, is looked at at once, not when somebody asks."""
        if entity.committed.revision and not self._stopping:
            self._tasks.spawn(self._evaluate(entity), name=f"evaluate {entity.stream}")

    async def _evaluate(self, entity: Entity[S]) -> None:
        try:
            await entity.execute(None, self._self, "", "", "")
            self._arm(entity)
        except Rejection:
            # It failed to commit, or it is another's by now: whoever loads it next looks again.
            return

    def _due(self, entity_id: str) -> None:
        entity = self._entities.get(entity_id)
        if entity is not None and not self._stopping:
            entity.evaluated_due = (entity.committed.revision, self.domain.due(entity.committed.state))
            self._tasks.spawn(self._evaluate(entity), name=f"evaluate {entity.stream}")

    # -- queries ---------------------------------------------------------------------------------------------

    async def view(self, entity_id: str) -> View[S]:
        """The committed state; revision 0 where there is no such entity."""
        with self._using(entity_id) as entity:
            await entity.ready()
            return entity.view()

    async def view_at(self, entity_id: str, revision: int) -> View[S]:
        """The state after a revision (time travel); raises `Rejection` where the entity never reached it."""
        with self._using(entity_id) as entity:
            await entity.ready()
            folded = await _reading(entity.at(revision)) if revision <= entity.committed.revision else None
            if folded is None:
                raise invalid("at_revision", f"must be between 1 and {entity.committed.revision}")
            return View(folded.state, folded.revision)

    async def history(
        self, entity_id: str, after_revision: int = 0, limit: int = 100, backwards: bool = False
    ) -> Sequence[Recorded]:
        """Committed events after a revision; backwards: those before it (0: from the newest), newest first."""
        with self._using(entity_id) as entity:
            await entity.ready()
        start, count = span(entity.committed.revision, after_revision, limit, backwards=backwards)
        if count <= 0:
            return ()
        events = await _reading(read_events(self._log, self._codec, entity.stream, start, count))
        return events[::-1] if backwards else events

    def loaded_views(self) -> dict[str, View[S]]:
        """The committed states of all entities of this process that exist."""
        return {eid: entity.view() for eid, entity in self._entities.items() if entity.committed.revision}

    def entities(self) -> Sequence[str]:
        """The ids of all entities of this process that exist."""
        return [eid for eid, entity in self._entities.items() if entity.committed.revision]

    def owned(self) -> Collection[int]:
        """The shards that this process holds now."""
        return self._owner.owned()

    def served(self) -> frozenset[int]:
        """The shards whose entities are all loaded: `loaded_views` and `watch_all` leave none of these out."""
        return frozenset(self._served)

    def position(self) -> int:
        """A global position that the loaded views cover."""
        return self._board.safe_position()

    # -- watches ---------------------------------------------------------------------------------------------

    async def watch(
        self, entity_id: str, after_revision: int | None = None, snapshot: bool = False
    ) -> AsyncIterator[WatchItem[S]]:
        """Without end: [Snapshot], Bookmark, then Changes without a gap; bookmarks when idle.

        `after_revision` resumes (exclusive). Raises `Rejection` OUT_OF_RANGE where too much was missed, NOT_OWNER
        where the entity moves away.
        """
        with self._using(entity_id) as entity:
            async for item in watch_entity(entity, self.domain, self._settings, after_revision, snapshot):
                yield item

    def watch_all(self, after_position: int | None = None) -> AsyncIterator[Board[S]]:
        """All entities that changed since a global position (None: all), then every change."""
        return self._board.watch(after_position, lambda: self._entities)

    # -- inside ----------------------------------------------------------------------------------------------

    @contextmanager
    def _using(self, entity_id: str) -> Iterator[Entity[S]]:
        """The entity for a call or watch; one that does not exist is not kept after its last user."""
        entity = self._entity(entity_id)
        entity.users += 1
        try:
            yield entity
        finally:
            self._used(entity)

    def _used(self, entity: Entity[S]) -> None:
        entity.users -= 1
        if not entity.users and entity.forgettable and self._entities.get(entity.id) is entity:
            del self._entities[entity.id]

    def _entity(self, entity_id: str, built: tuple[Folded[S], int] | None = None) -> Entity[S]:
        """The entity; one that is not there yet is `built` already, or begins to load."""
        if self._stopping:
            raise unavailable("NOT_READY", "the service is stopping; retry")
        entity = self._entities.get(entity_id)
        if entity is None:
            self._owner.fence(entity_id)
            entity = Entity(
                entity_id,
                self.domain,
                self._log,
                self._codec,
                self._clock,
                self._owner,
                self._tasks,
                self._settings,
                self._committed,
                self._loaded,
                self._board.mark,
            )
            self._entities[entity_id] = entity
            if built is None:
                entity.load()
            else:
                entity.begin(*built)
        return entity

    def _committed(self, entity: Entity[S], heeded: bool) -> None:
        self._board.committed(entity)
        if heeded:
            self._arm(entity)
        self._saver.consider(entity)

    def _arm(self, entity: Entity[S]) -> None:
        due = self.domain.due(entity.committed.state)
        if due is not None and entity.evaluated_due == (entity.committed.revision, due):
            # It was looked at and nothing followed: looking again before something changes would spin.
            due = None
        self._timers.set(entity.id, due)


async def _reading(read: Awaitable[T]) -> T:
    """What was read. Raises `Rejection` UNAVAILABLE where the log cannot be read."""
    try:
        return await read
    except LogUnavailable:
        raise unavailable("STORAGE_UNAVAILABLE", "the event store cannot be read now; retry") from None


@contextmanager
def _growing() -> Iterator[None]:
    """While many states are built, the collector of cycles would walk all of them again and again, and find nothing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
        # What was recovered stays, and frees itself by its counts: the collector need never look at it again.
        gc.freeze()
