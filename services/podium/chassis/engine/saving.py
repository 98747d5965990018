"""When an entity is kept as a snapshot, and how: beside its commands, and never needed."""

import asyncio
from typing import Generic, TypeVar

from podium.chassis.engine.entity import Entity
from podium.chassis.engine.model import EngineSettings, Owner, Spawner
from podium.chassis.engine.ports import EntityCodec, Log, LogUnavailable, StoredSnapshot
from podium.chassis.engine.snapshots import encode_snapshot
from podium.kernel.errors import Rejection

S = TypeVar("S")


class SnapshotSaver(Generic[S]):
    """Best effort: a snapshot only saves reading; the log has everything."""

    def __init__(
        self,
        log: Log,
        codec: EntityCodec,
        owner: Owner,
        tasks: Spawner,
        settings: EngineSettings,
        schema_version: int,
    ) -> None:
        self._log = log
        self._codec = codec
        self._owner = owner
        self._tasks = tasks
        self._settings = settings
        self._schema_version = schema_version
        self._saving: set[str] = set()

    def consider(self, entity: Entity[S]) -> None:
        """After a commit: begin to save it where enough has happened since the last time."""
        grown = entity.committed.revision - entity.snapshot_revision
        if grown >= entity.snapshot_every and entity.id not in self._saving:
            self._saving.add(entity.id)
            self._tasks.spawn(self._save(entity), name=f"snapshot {entity.stream}")

    async def _save(self, entity: Entity[S]) -> None:
        folded, position = entity.committed, entity.position
        try:
            data = await asyncio.to_thread(encode_snapshot, self._codec, folded, position)
            fence = self._owner.fence(entity.id)
            stored = StoredSnapshot(folded.revision, data)
            await self._log.save_snapshot(entity.stream, stored, self._schema_version, fence)
            entity.snapshot_revision = folded.revision
            entity.snapshot_every = max(self._settings.snapshot_every, len(data) // self._settings.snapshot_bytes_each)
        except (LogUnavailable, Rejection):
            return
        finally:
            self._saving.discard(entity.id)
