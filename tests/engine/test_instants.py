"""Instants and microseconds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.kernel.instants import from_microseconds, to_microseconds


@given(st.datetimes(timezones=st.just(UTC)))
def test_no_microsecond_is_lost(time: datetime) -> None:
    """Both ways, in every year, whichever way is taken."""
    assert from_microseconds(to_microseconds(time)) == time


@given(st.integers(0, 1 << 53))
def test_the_quick_way_is_exact(microseconds: int) -> None:
    """Where a float is used it says the same as whole numbers do."""
    assert from_microseconds(microseconds) == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def test_what_is_no_time() -> None:
    """Past the last year is an error, not another time."""
    with pytest.raises(OverflowError):
        from_microseconds(1 << 60)
