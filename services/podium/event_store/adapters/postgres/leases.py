"""When a lease is over, for any number of store processes: the database's clock decides.

A renewal is a time in the lease's row, so any process can take it. The processes also keep, in one row, since when
renewals are served without a gap: whenever nobody wrote there for a while (the database was away, all store processes
were, the machine slept) or its clock was set, that time starts anew. A lease ends once its ttl has passed since its
renewal **and** since then: nobody's ends who had no full ttl in which to renew it.
"""

import json
import logging
from collections.abc import Mapping

from podium.event_store.adapters.postgres.connection import Connection
from podium.event_store.adapters.postgres.log import PostgresLog
from podium.event_store.adapters.postgres.registry import LEASE_COLUMNS, end, lease_of
from podium.event_store.adapters.postgres.transaction import NOW_US
from podium.event_store.application.lease_keeper import DEFAULT_TTL_SECONDS
from podium.event_store.domain import ownership
from podium.event_store.domain.model import Lease, LeaseEnd
from podium.kernel.errors import Rejection

_log = logging.getLogger(__name__)

GAP_SECONDS = 1.0
"""Silence from all processes for so long (several ticks of each) is a gap in the service."""

# Two processes may tick at once: the one that waited for the row read the clock before the other wrote. So a little
# backwards is no gap, and the later time stays; a clock that was really set back is further off.
_SERVE = f"""UPDATE lease_service SET
    seen_us = CASE WHEN abs(now_us - seen_us) <= $1::bigint THEN greatest(seen_us, now_us) ELSE now_us END,
    since_us = CASE WHEN abs(now_us - seen_us) <= $1::bigint THEN since_us ELSE now_us END
    FROM (SELECT {NOW_US} AS now_us) clock"""
_RENEW = f"""UPDATE leases SET renewed_us = {NOW_US}, metadata = coalesce($3, metadata)
    WHERE live AND name = $1 AND epoch = $2 RETURNING {LEASE_COLUMNS}"""
# A renewal in the future was written before the clock was set back; the service's time tells of that.
_OVER = f"""{NOW_US} - (SELECT CASE WHEN renewed_us > seen_us THEN since_us ELSE greatest(renewed_us, since_us) END
    FROM lease_service) > ttl_seconds * 1000000"""


class SharedLeaseKeeper:
    """The `ports.Leases` of a database with many store processes."""

    def __init__(self, log: PostgresLog) -> None:
        self._log = log

    async def start(self) -> None:
        """Tell that renewals are served."""
        await self._serve()

    async def _serve(self) -> None:
        async def serve(db: Connection) -> None:
            await db.execute(_SERVE, int(GAP_SECONDS * 1e6))

        await self._log.run(serve)

    async def acquire(self, name: str, address: str, ttl_seconds: float, metadata: Mapping[str, str]) -> Lease:
        """A new epoch; whoever held the name loses it at once."""
        return await self._log.acquire_lease(name, address, ttl_seconds or DEFAULT_TTL_SECONDS, metadata)

    async def renew(self, name: str, epoch: int, metadata: Mapping[str, str]) -> Lease:
        """Count anew. Raises LEASE_LOST."""
        described = json.dumps(dict(metadata)) if metadata else None

        async def renew(db: Connection) -> Lease | None:
            row = await db.fetchrow(_RENEW, name, epoch, described)
            return None if row is None else lease_of(row)

        lease = await self._log.run(renew)
        if lease is None:
            raise ownership.lease_lost(name, epoch)
        return lease

    async def release(self, name: str, epoch: int) -> None:
        """End it now. Raises LEASE_LOST."""
        await self._log.end_lease(name, epoch, LeaseEnd.RELEASED)

    async def tick(self) -> None:
        """Tell that renewals are served, and end what is over. A database that fails is tried again."""
        try:
            await self._serve()
            for name, epoch in await self._log.run(_overdue):
                await self._expire(name, epoch)
        except Rejection as refusal:
            _log.warning("the ends of leases wait for the database: %s", refusal)

    async def _expire(self, name: str, epoch: int) -> None:
        try:
            await self._log.run_job(end(name, epoch, LeaseEnd.EXPIRED, _OVER))
        except Rejection as refusal:
            # Renewed at the last moment, or ended by another process.
            if refusal.reason != "LEASE_LOST":
                raise


async def _overdue(db: Connection) -> list[tuple[str, int]]:
    return [tuple(row) for row in await db.fetch(f"SELECT name, epoch FROM leases WHERE live AND {_OVER}")]
