"""One entity: its mailbox, its head, its committed state, its writer."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from podium.chassis.engine import records
from podium.chassis.engine.loading import Loader
from podium.chassis.engine.model import (
    Batch,
    Change,
    EngineSettings,
    Folded,
    Outcome,
    Owner,
    RequestRecord,
    Spawner,
    View,
    touched_by,
)
from podium.chassis.engine.ports import (
    Clock,
    EntityCodec,
    Log,
    LogUnavailable,
)
from podium.chassis.engine.publication import Publication
from podium.chassis.engine.step import run_step
from podium.chassis.engine.writing import Writer
from podium.kernel.entity import Context, Domain
from podium.kernel.errors import Rejection, exhausted, invalid, unavailable
from podium.kernel.identity import Identity

S = TypeVar("S")


class Entity(Generic[S]):
    """The only writer of one stream.

    Between two awaits the event loop runs nothing else, so deciding and queueing are one step: the mailbox is the
    queue of batches that wait for the log. `head` is None while the entity is being (re)built.
    """

    def __init__(
        self,
        entity_id: str,
        domain: Domain[S],
        log: Log,
        codec: EntityCodec,
        clock: Clock,
        owner: Owner,
        tasks: Spawner,
        settings: EngineSettings,
        on_commit: Callable[["Entity[S]", bool], None],
        on_loaded: Callable[["Entity[S]"], None],
        in_flight: Callable[["Entity[S]", bool], None],
    ) -> None:
        self.id = entity_id
        self.stream = f"{domain.category}/{entity_id}"
        self._domain = domain
        self._codec = codec
        self._clock = clock
        self._owner = owner
        self._tasks = tasks
        self._settings = settings
        self._on_commit = on_commit
        self._on_loaded = on_loaded
        self._loader = Loader(domain, log, codec, settings)
        self._head: Folded[S] | None = None
        self.committed: Folded[S] = Folded(domain.initial(entity_id))
        self.position = 0
        self.snapshot_revision = 0
        self.snapshot_every = settings.snapshot_every
        self.publication: Publication[S] = Publication(
            0, settings.ring_changes, settings.backlog_before_conflation, settings.heartbeat_seconds
        )
        self._loaded_once = False
        self._ready = asyncio.Event()
        self._waiting = 0
        self._loading = False
        self._writer: Writer[S] = Writer(
            entity_id,
            self.stream,
            log,
            owner,
            tasks,
            settings,
            committed=lambda: self.committed,
            in_flight=lambda flying: in_flight(self, flying),
            on_commit=self._commit,
            on_drop=self._rebuild,
        )
        self.closed: Rejection | None = None
        self.evaluated_due: object = None
        self.users = 0
        """Calls and watches under way; an entity that does not exist is forgotten when the last one ends."""

    # -- life ------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Begin to build the entity from the log; `ready` says when it is done."""
        if not self._loading and self.closed is None:
            self._loading = True
            self._tasks.spawn(self._load(), name=f"load {self.stream}")

    async def ready(self) -> Folded[S]:
        """The head, once there is one; raises `Rejection` NOT_READY after the bound, or why the entity is closed."""
        while self._head is None:
            if self.closed is not None:
                raise self.closed
            if self._waiting >= self._settings.mailbox_limit:
                raise exhausted("MAILBOX_FULL", f"{self.stream}: too many calls wait for it to load")
            self._waiting += 1
            try:
                # Not wait_for: until Python 3.12 it can swallow a cancellation that meets the result.
                async with asyncio.timeout(self._settings.ready_timeout_seconds):
                    await self._ready.wait()
            except TimeoutError:
                raise unavailable("NOT_READY", f"{self.stream} cannot be read yet; retry") from None
            finally:
                self._waiting -= 1
        if self.closed is not None:
            raise self.closed
        return self._head

    def close(self, reason: Rejection) -> None:
        """Serve nothing any more: this process no longer owns it."""
        self.closed = reason
        self._head = None
        self._ready.set()
        self._writer.close(reason)
        self.publication.close(reason)

    @property
    def forgettable(self) -> bool:
        """It does not exist in the log, and nobody asks for it."""
        return self._head is not None and self._head.revision == 0 and self.users == 0 and self.idle

    @property
    def idle(self) -> bool:
        """Nothing waits for the log."""
        return self._writer.idle

    async def settled(self) -> None:
        """Wait until what `head` rests on now is committed; raises where it could not be."""
        await self._writer.settled()

    def view(self) -> View[S]:
        """The committed state."""
        return View(self.committed.state, self.committed.revision, self.position)

    # -- commands --------------------------------------------------------------------------------------------

    async def execute(
        self, command: Any | None, actor: Identity, request_id: str, request_hash: str, traceparent: str
    ) -> Outcome[S]:
        """Decide on head, queue, and answer after the commit; None as command only lets the scheduler look."""
        self._owner.fence(self.id)
        folded = await self.ready()
        known = folded.requests.get(request_id)
        if known is not None:
            return await self._repeat(known, request_id, request_hash)
        context = Context(self._clock.now(), actor, request_id)
        if len(self._writer) >= self._settings.mailbox_limit:
            raise exhausted("MAILBOX_FULL", f"{self.stream}: {len(self._writer)} commands wait for the store")
        try:
            step = run_step(self._domain, folded, command, context, request_hash, self._settings.scheduler_rounds)
            rows, size = records.encode_step(
                self._domain, self._codec, self.id, step, context, request_hash, traceparent
            )
        except Rejection:
            await self.settled()
            raise
        if not rows:
            await self.settled()
            return Outcome(folded.state, folded.revision)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        batch = Batch(tuple(step.recorded), tuple(step.states), rows, size, step.after, done, step.heeded)
        self._head = step.after
        self._writer.add(batch)
        await done
        return Outcome(batch.after.state, batch.after.revision)

    async def _repeat(self, known: RequestRecord, request_id: str, request_hash: str) -> Outcome[S]:
        await self.settled()
        if request_hash and known.request_hash and request_hash != known.request_hash:
            raise invalid(
                "request_id",
                "was used before with another body; choose a new one",
                "REQUEST_ID_REUSED",
                request_id=request_id,
            )
        committed = self.committed
        if committed.revision == known.revision:
            return Outcome(committed.state, known.revision, duplicate=True)
        state = self.publication.state_at(known.revision)
        if state is None:
            past = await self._loader.at(self.id, self.stream, known.revision)
            state = (past or committed).state
        return Outcome(state, known.revision, duplicate=True)

    # -- what the writer says ----------------------------------------------------------------------------------

    def _commit(self, group: Sequence[Batch[S]], position: int) -> None:
        before = self.committed
        self.committed = group[-1].after
        self.position = max(self.position, position)
        # Callers before watchers: of those there may be many, and each wakes before whoever is told after it.
        for batch in group:
            batch.settle(None)
        recorded = tuple(event for batch in group for event in batch.recorded)
        states = [state for batch in group for state in batch.states]
        if recorded:
            touched = touched_by(self._domain, recorded, states)
            self.publication.publish(
                Change(before.revision, self.committed.revision, recorded, touched, self.committed.state)
            )
        self._on_commit(self, any(batch.heeded for batch in group))

    def _rebuild(self) -> None:
        """Forget everything that did not commit and build the entity anew from the log."""
        self._head = None
        self._ready.clear()
        self.load()

    # -- building --------------------------------------------------------------------------------------------

    async def _load(self) -> None:
        backoff = self._settings.reload_backoff_seconds
        try:
            while self.closed is None:
                try:
                    await self._load_once()
                    return
                except (LogUnavailable, LookupError, ValueError, KeyError):
                    # An unreadable stream is unavailable, never an empty entity.
                    await self._clock.sleep(backoff)
                    backoff = min(backoff * 2, self._settings.reload_backoff_limit_seconds)
        finally:
            self._loading = False

    async def _load_once(self) -> None:
        """Snapshot (the first time) and tail; what others have not seen yet is published."""
        base, position = self.committed, self.position
        if not self._loaded_once:
            base, position = await self._loader.newest(self.id, self.stream)
            self.snapshot_revision = base.revision
        tail = await self._loader.tail(self.stream, base, keep=self._loaded_once)
        if self.closed is not None:
            return
        if self._loaded_once and tail.recorded:
            touched = touched_by(self._domain, tail.recorded, tail.states)
            self.publication.publish(
                Change(base.revision, tail.folded.revision, tuple(tail.recorded), touched, tail.folded.state)
            )
        self.begin(tail.folded, max(position, tail.position))

    def begin(self, folded: Folded[S], position: int) -> None:
        """Go on from what was read from the log, by `load` or for many entities at once."""
        self.committed = folded
        self.position = position
        if not self._loaded_once:
            self._loaded_once = True
            self.publication.revision = folded.revision
        self._head = self.committed
        self._ready.set()
        self._on_commit(self, True)
        self._on_loaded(self)

    async def replay(self, after_revision: int) -> tuple[Sequence[Any], Sequence[S]]:
        """(events, the state after each) past a revision up to what is committed."""
        target = self.committed.revision
        base = await self._loader.at(self.id, self.stream, after_revision)
        if base is None:
            return (), ()
        tail = await self._loader.tail(self.stream, base, target - after_revision)
        return tail.recorded, tail.states

    async def at(self, revision: int) -> Folded[S] | None:
        """The state after a revision; None where the stream does not reach it."""
        if revision == self.committed.revision:
            return self.committed
        return await self._loader.at(self.id, self.stream, revision)
