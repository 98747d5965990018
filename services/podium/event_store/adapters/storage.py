"""Which database: said by an address, and imported only then."""

from pathlib import Path
from urllib.parse import urlsplit

from podium.event_store.application.ports import Leases, Log


def choose(address: str) -> tuple[Log, Leases | None]:
    """The log, and who keeps its leases (None: the store itself, in memory).

    `sqlite:///absolute/path` (a fourth slash does no harm), or `postgresql://user:password@host:port/database`; with
    `?host=/folder` a Unix socket. Raises RuntimeError, which never tells a password.
    """
    scheme, _, rest = address.partition("://")
    if scheme == "sqlite" and rest.startswith("/"):
        from podium.event_store.adapters.sqlite.log import SqliteLog

        return SqliteLog(Path("/" + rest.lstrip("/"))), None
    if scheme in ("postgresql", "postgres") and urlsplit(address).path.strip("/"):
        from podium.event_store.adapters.postgres.leases import SharedLeaseKeeper
        from podium.event_store.adapters.postgres.log import PostgresLog

        log = PostgresLog(address)
        return log, SharedLeaseKeeper(log)
    raise RuntimeError("store: say sqlite:///absolute/path or postgresql://user@host/database")
