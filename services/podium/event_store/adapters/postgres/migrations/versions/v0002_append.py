"""`append_events`: the usual commit in one call. `adapters.postgres.quick` says when it is used."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    # Each statement of the function sees what was committed before it began: the comparisons after the lock are exact.
    # The times come from before the lock, so that waiting for it does not make them late.
    """CREATE FUNCTION append_events(
        expected BIGINT, recorded BIGINT, given_services TEXT[], given_shards INTEGER[], given_epochs BIGINT[],
        given_streams BIGINT[], given_revisions BIGINT[], given_ids BYTEA[], given_types INTEGER[],
        given_checksums BIGINT[], given_events BYTEA[], OUT stored BOOLEAN, OUT now_us BIGINT
    ) LANGUAGE plpgsql AS $$
    BEGIN
        now_us := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
        PERFORM FROM log_head FOR UPDATE;
        stored := (SELECT coalesce(max(e.position), 0) FROM events e) = expected;
        IF stored AND cardinality(given_services) > 0 THEN
            stored := NOT EXISTS (
                SELECT FROM unnest(given_services, given_shards, given_epochs) AS given(service, shard, epoch)
                LEFT JOIN shards s ON s.service = given.service AND s.shard = given.shard AND s.owner <> ''
                WHERE s.epoch IS DISTINCT FROM given.epoch
            );
        END IF;
        IF stored THEN
            INSERT INTO events(position, stream, revision, event_id, type, recorded_us, checksum, event)
            SELECT expected + at, s, r, i, t, recorded, c, e
            FROM unnest(given_streams, given_revisions, given_ids, given_types, given_checksums, given_events)
                WITH ORDINALITY AS given(s, r, i, t, c, e, at);
        END IF;
    END $$""",
)


def upgrade() -> None:
    """Create the function."""
    for statement in STATEMENTS:
        op.execute(statement)
