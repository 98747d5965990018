"""Leases and shards in the file; each function runs inside a write transaction."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import apsw

from podium.event_store.adapters.lease_facts import acquired_fact, ended_fact
from podium.event_store.adapters.sqlite.sql import one
from podium.event_store.adapters.sqlite.transaction import Transaction
from podium.event_store.domain import ownership
from podium.event_store.domain.limits import LEASES_STREAM
from podium.event_store.domain.model import Append, Fact, Lease, LeaseEnd, ShardRow, StreamPart
from podium.kernel.ids import SHARDS

_LEASE = "SELECT name, address, epoch, ttl_seconds, metadata, acquired_us FROM leases"


def _lease(row: Sequence[Any]) -> Lease:
    name, address, epoch, ttl_seconds, metadata, acquired_us = row
    return Lease(name, address, epoch, ttl_seconds, json.loads(metadata), acquired_us)


def live_leases(db: apsw.Connection) -> list[Lease]:
    """By name."""
    return [_lease(row) for row in db.execute(f"{_LEASE} WHERE live ORDER BY name")]


def _held(db: apsw.Connection, name: str, epoch: int) -> Lease:
    row = one(db, f"{_LEASE} WHERE live AND name = ? AND epoch = ?", (name, epoch))
    if row is None:
        raise ownership.lease_lost(name, epoch)
    return _lease(row)


def _tell(transaction: Transaction, facts: Sequence[Fact]) -> None:
    (outcome,) = transaction.append([Append([StreamPart.of(LEASES_STREAM, facts)])])
    if isinstance(outcome, Exception):
        raise outcome


def acquire(name: str, address: str, ttl_seconds: float, metadata: Mapping[str, str]) -> Callable[[Transaction], Lease]:
    """See `ports.Registry.acquire_lease`."""

    def job(transaction: Transaction) -> Lease:
        db, now_us = transaction.db, transaction.time_us
        facts = []
        row = one(db, "SELECT epoch FROM leases WHERE name = ?", (name,))
        old = one(db, f"{_LEASE} WHERE live AND name = ?", (name,))
        if old is not None:
            facts.append(ended_fact(_lease(old), LeaseEnd.REPLACED, now_us))
        lease = Lease(name, address, (row[0] if row else 0) + 1, ttl_seconds, dict(metadata), now_us)
        facts.append(acquired_fact(lease, now_us))
        db.execute(
            "INSERT OR REPLACE INTO leases(name, epoch, live, address, ttl_seconds, metadata, acquired_us) "
            "VALUES(?, ?, 1, ?, ?, ?, ?)",
            (name, lease.epoch, address, ttl_seconds, json.dumps(dict(metadata)), now_us),
        )
        _tell(transaction, facts)
        return lease

    return job


def describe(name: str, epoch: int, metadata: Mapping[str, str]) -> Callable[[Transaction], Lease]:
    """See `ports.Registry.describe_lease`."""

    def job(transaction: Transaction) -> Lease:
        _held(transaction.db, name, epoch)
        transaction.db.execute("UPDATE leases SET metadata = ? WHERE name = ?", (json.dumps(dict(metadata)), name))
        return _held(transaction.db, name, epoch)

    return job


def end(name: str, epoch: int, reason: LeaseEnd) -> Callable[[Transaction], None]:
    """See `ports.Registry.end_lease`."""

    def job(transaction: Transaction) -> None:
        db = transaction.db
        lease = _held(db, name, epoch)
        db.execute("UPDATE leases SET live = 0 WHERE name = ?", (name,))
        if reason is LeaseEnd.RELEASED:
            db.execute(
                "UPDATE shards SET owner = '', owner_epoch = 0, epoch = epoch + 1 WHERE owner = ? AND owner_epoch = ?",
                (name, epoch),
            )
        _tell(transaction, [ended_fact(lease, reason, transaction.time_us)])

    return job


def read_shards(db: apsw.Connection, service: str) -> list[ShardRow]:
    """All 256, by number."""
    known = {
        row[0]: ShardRow(*row)
        for row in db.execute("SELECT shard, owner, owner_epoch, epoch FROM shards WHERE service = ?", (service,))
    }
    return [known.get(number) or ShardRow(number) for number in range(SHARDS)]


def _write_shards(db: apsw.Connection, service: str, rows: Sequence[ShardRow]) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO shards(service, shard, owner, owner_epoch, epoch) VALUES(?, ?, ?, ?, ?)",
        [(service, row.shard, row.owner, row.owner_epoch, row.epoch) for row in rows],
    )


def claim(
    service: str, shards: Sequence[int], owner: str, owner_epoch: int
) -> Callable[[Transaction], Sequence[ShardRow]]:
    """See `ports.Registry.claim_shards`."""

    def job(transaction: Transaction) -> Sequence[ShardRow]:
        rows = read_shards(transaction.db, service)
        leases = {lease.name: lease for lease in live_leases(transaction.db)}
        claimed = ownership.claim([rows[number] for number in shards], leases, owner, owner_epoch)
        _write_shards(transaction.db, service, claimed)
        return claimed

    return job


def release(service: str, shards: Sequence[int], owner: str, owner_epoch: int) -> Callable[[Transaction], None]:
    """See `ports.Registry.release_shards`."""

    def job(transaction: Transaction) -> None:
        rows = read_shards(transaction.db, service)
        released = ownership.release([rows[number] for number in shards], owner, owner_epoch)
        _write_shards(transaction.db, service, released)

    return job
