"""Leases and shards; every change is a job of the writer's, under the lock of the head row.

So a shard is never claimed between the check of a fence and the commit that rests on it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from podium.event_store.adapters.lease_facts import acquired_fact, ended_fact
from podium.event_store.adapters.postgres.connection import Connection
from podium.event_store.adapters.postgres.transaction import Job, Transaction
from podium.event_store.domain import ownership
from podium.event_store.domain.limits import LEASES_STREAM
from podium.event_store.domain.model import Append, Fact, Lease, LeaseEnd, ShardRow, StreamPart
from podium.kernel.ids import SHARDS

LEASE_COLUMNS = "name, address, epoch, ttl_seconds, metadata, acquired_us"


def lease_of(row: Sequence[Any]) -> Lease:
    """From `LEASE_COLUMNS`."""
    name, address, epoch, ttl_seconds, metadata, acquired_us = row
    return Lease(name, address, epoch, ttl_seconds, json.loads(metadata), acquired_us)


async def live_leases(db: Connection) -> list[Lease]:
    """By name."""
    rows = await db.fetch(f"SELECT {LEASE_COLUMNS} FROM leases WHERE live ORDER BY name")
    return [lease_of(row) for row in rows]


async def _tell(transaction: Transaction, facts: Sequence[Fact]) -> None:
    (outcome,) = await transaction.append([Append([StreamPart.of(LEASES_STREAM, facts)])])
    if isinstance(outcome, Exception):
        raise outcome


def acquire(name: str, address: str, ttl_seconds: float, metadata: Mapping[str, str]) -> Job[Lease]:
    """See `ports.Registry.acquire_lease`."""

    async def job(transaction: Transaction) -> Lease:
        db, now_us = transaction.db, transaction.time_us
        facts = []
        old = await db.fetchrow(f"SELECT {LEASE_COLUMNS}, live FROM leases WHERE name = $1 FOR UPDATE", name)
        if old is not None and old["live"]:
            facts.append(ended_fact(lease_of(old[:-1]), LeaseEnd.REPLACED, now_us))
        epoch = (old["epoch"] if old is not None else 0) + 1
        lease = Lease(name, address, epoch, ttl_seconds, dict(metadata), now_us)
        facts.append(acquired_fact(lease, now_us))
        await db.execute(
            """INSERT INTO leases(name, epoch, live, address, ttl_seconds, metadata, acquired_us, renewed_us)
            VALUES($1, $2, true, $3, $4, $5, $6, $6) ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch,
            live = true, address = excluded.address, ttl_seconds = excluded.ttl_seconds,
            metadata = excluded.metadata, acquired_us = excluded.acquired_us, renewed_us = excluded.renewed_us""",
            name,
            epoch,
            address,
            ttl_seconds,
            json.dumps(lease.metadata),
            now_us,
        )
        await _tell(transaction, facts)
        return lease

    return job


def describe(name: str, epoch: int, metadata: Mapping[str, str]) -> Job[Lease]:
    """See `ports.Registry.describe_lease`."""

    async def job(transaction: Transaction) -> Lease:
        row = await transaction.db.fetchrow(
            f"UPDATE leases SET metadata = $3 WHERE live AND name = $1 AND epoch = $2 RETURNING {LEASE_COLUMNS}",
            name,
            epoch,
            json.dumps(dict(metadata)),
        )
        if row is None:
            raise ownership.lease_lost(name, epoch)
        return lease_of(row)

    return job


def end(name: str, epoch: int, reason: LeaseEnd, condition: str = "true") -> Job[None]:
    """See `ports.Registry.end_lease`; `condition` must still hold for the row once it is locked."""

    async def job(transaction: Transaction) -> None:
        db = transaction.db
        row = await db.fetchrow(
            f"UPDATE leases SET live = false WHERE live AND name = $1 AND epoch = $2 AND {condition} "
            f"RETURNING {LEASE_COLUMNS}",
            name,
            epoch,
        )
        if row is None:
            raise ownership.lease_lost(name, epoch)
        if reason is LeaseEnd.RELEASED:
            await db.execute(
                """UPDATE shards SET owner = '', owner_epoch = 0, epoch = epoch + 1
                WHERE owner = $1 AND owner_epoch = $2""",
                name,
                epoch,
            )
        await _tell(transaction, [ended_fact(lease_of(row), reason, transaction.time_us)])

    return job


async def read_shards(db: Connection, service: str) -> list[ShardRow]:
    """All 256, by number."""
    rows = await db.fetch("SELECT shard, owner, owner_epoch, epoch FROM shards WHERE service = $1", service)
    known = {row[0]: ShardRow(*row) for row in rows}
    return [known.get(number) or ShardRow(number) for number in range(SHARDS)]


async def _write_shards(db: Connection, service: str, rows: Sequence[ShardRow]) -> None:
    await db.executemany(
        """INSERT INTO shards(service, shard, owner, owner_epoch, epoch) VALUES($1, $2, $3, $4, $5)
        ON CONFLICT (service, shard) DO UPDATE
        SET owner = excluded.owner, owner_epoch = excluded.owner_epoch, epoch = excluded.epoch""",
        [(service, row.shard, row.owner, row.owner_epoch, row.epoch) for row in rows],
    )


def claim(service: str, shards: Sequence[int], owner: str, owner_epoch: int) -> Job[Sequence[ShardRow]]:
    """See `ports.Registry.claim_shards`."""

    async def job(transaction: Transaction) -> Sequence[ShardRow]:
        rows = await read_shards(transaction.db, service)
        leases = {lease.name: lease for lease in await live_leases(transaction.db)}
        claimed = ownership.claim([rows[number] for number in shards], leases, owner, owner_epoch)
        await _write_shards(transaction.db, service, claimed)
        return claimed

    return job


def release(service: str, shards: Sequence[int], owner: str, owner_epoch: int) -> Job[None]:
    """See `ports.Registry.release_shards`."""

    async def job(transaction: Transaction) -> None:
        rows = await read_shards(transaction.db, service)
        released = ownership.release([rows[number] for number in shards], owner, owner_epoch)
        await _write_shards(transaction.db, service, released)

    return job
