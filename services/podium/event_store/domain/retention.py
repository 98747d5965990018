"""What is kept: of a stream's events, and of its snapshots."""

from collections.abc import Sequence

from podium.event_store.domain.model import Retention

REVISIONS_PER_SNAPSHOT = 1000
"""Of the snapshots within so many revisions only the newest is kept."""


def floor_of(retention: Retention, head: int, floor: int, first_young: int) -> int:
    """The oldest revision to keep; never below `floor`, what is gone stays gone.

    `first_young` is the first revision that is not older than `max_age_seconds` (head + 1 where all are).
    """
    wanted = [floor]
    if retention.truncate_before is not None:
        wanted.append(min(retention.truncate_before, head + 1))
    if retention.max_count is not None:
        wanted.append(head - retention.max_count + 1)
    if retention.max_age_seconds is not None:
        wanted.append(first_young)
    return max(wanted)


def superseded(revisions: Sequence[int], saved: int) -> list[int]:
    """The snapshots (by revision) that need not be kept once the one at `saved` is there."""
    bucket = (saved - 1) // REVISIONS_PER_SNAPSHOT
    return [each for each in revisions if each < saved and (each - 1) // REVISIONS_PER_SNAPSHOT == bucket]
