"""The first schema: events, streams, types, snapshots, leases, shards."""

from alembic import op

from podium.event_store.adapters.sqlite.schema import STATEMENTS

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table.

    The next schema version freezes these statements here, before it changes them in `schema`.
    """
    for statement in STATEMENTS:
        op.execute(statement)
