"""Leases and shards: who may take what."""

from collections.abc import Iterable, Mapping, Sequence

from podium.event_store.domain.model import Lease, ShardRow
from podium.kernel.errors import Kind, Rejection, precondition


def lease_lost(name: str, epoch: int) -> Rejection:
    """The refusal of whoever holds a lease no longer."""
    return Rejection(
        Kind.FAILED_PRECONDITION,
        "LEASE_LOST",
        f"the lease {name} is not held under epoch {epoch}",
        {"name": name, "epoch": str(epoch)},
    )


def claim(rows: Iterable[ShardRow], leases: Mapping[str, Lease], owner: str, owner_epoch: int) -> Sequence[ShardRow]:
    """The rows after `owner` claimed them all; raises LEASE_LOST or SHARD_OWNED, and then none is claimed.

    A shard can be claimed where nobody owns it, where its owner's lease is over, and by its owner itself (a restarted
    process under its own name): the epoch rises each time, so that whoever wrote before is fenced off.
    """
    held = leases.get(owner)
    if held is None or held.epoch != owner_epoch:
        raise lease_lost(owner, owner_epoch)
    claimed = []
    for row in rows:
        other = leases.get(row.owner)
        if row.owner not in ("", owner) and other is not None and other.epoch == row.owner_epoch:
            raise precondition(
                "SHARD_OWNED",
                f"shard {row.shard} belongs to {row.owner}, which lives",
                shard=str(row.shard),
                owner=row.owner,
            )
        claimed.append(ShardRow(row.shard, owner, owner_epoch, row.epoch + 1))
    return claimed


def release(rows: Iterable[ShardRow], owner: str, owner_epoch: int) -> Sequence[ShardRow]:
    """The rows that change when `owner` gives them up; those of others stay as they are.

    The epoch rises here too: what the former owner still had under way is fenced off.
    """
    return [
        ShardRow(row.shard, "", 0, row.epoch + 1)
        for row in rows
        if (row.owner, row.owner_epoch) == (owner, owner_epoch)
    ]
