"""The watch of one entity: snapshot or bookmark first, then changes, no revision left uncovered."""

from collections.abc import AsyncIterator
from typing import TypeVar

from podium.chassis.engine.entity import Entity
from podium.chassis.engine.model import Bookmark, Change, EngineSettings, Snapshot, WatchItem, touched_by
from podium.kernel.entity import Domain
from podium.kernel.errors import Kind, Rejection

S = TypeVar("S")


async def watch_entity(
    entity: Entity[S], domain: Domain[S], settings: EngineSettings, after_revision: int | None, snapshot: bool
) -> AsyncIterator[WatchItem[S]]:
    """See `Engine.watch`."""
    await entity.ready()
    cursor = entity.committed.revision
    if after_revision is None:
        if snapshot:
            yield Snapshot(entity.committed.state, cursor)
        yield Bookmark(cursor)
    else:
        _refuse_unknown(after_revision, entity)
        cursor = after_revision
        if cursor == entity.publication.revision:
            yield Bookmark(cursor)
    publication = entity.publication
    while True:
        if publication.closed is not None:
            raise publication.closed
        if publication.revision == cursor:
            if not await publication.wait_past(cursor):
                yield Bookmark(cursor)
            continue
        change = publication.after(cursor)
        if change is None:
            change = await _from_log(entity, domain, settings, cursor)
        cursor = change.to_revision
        yield change


def _refuse_unknown(after_revision: int, entity: Entity[S]) -> None:
    newest = entity.committed.revision
    if after_revision > newest:
        raise Rejection(
            Kind.OUT_OF_RANGE,
            "RESUME_POINT_TRUNCATED",
            f"revision {after_revision} is not there (newest: {newest}); take a new snapshot",
            {"oldest_revision": "0"},
        )


async def _from_log(entity: Entity[S], domain: Domain[S], settings: EngineSettings, cursor: int) -> Change[S]:
    """One conflated change for a watcher whose resume point is older than the ring."""
    behind = entity.committed.revision - cursor
    if behind > settings.resume_limit:
        raise Rejection(
            Kind.OUT_OF_RANGE,
            "RESUME_POINT_TRUNCATED",
            f"{behind} events behind; at most {settings.resume_limit} are caught up: take a new snapshot",
            {"oldest_revision": str(entity.committed.revision - settings.resume_limit)},
        )
    events, states = await entity.replay(cursor)
    touched = touched_by(domain, events, states)
    return Change(cursor, cursor + len(events), (), touched, states[-1], True)
