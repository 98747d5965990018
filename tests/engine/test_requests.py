"""The table of requests: made at once, or one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.chassis.engine import model
from podium.chassis.engine.model import RequestTable

ROWS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(("x", "y")), st.integers(1, 99)), max_size=40)


@pytest.fixture(scope="module", autouse=True)
def few_are_kept() -> object:
    """So that some are forgotten."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "REQUESTS_KEPT", 4)
        yield


@given(ROWS)
def test_at_once_is_as_one_by_one(rows: list[tuple[str, str, int]]) -> None:
    """The same ids with the same hashes, revisions and numbers, and what comes next follows in the same way."""
    table = RequestTable()
    for row in rows:
        table = table.noted(*row)
    at_once = RequestTable.of(rows)
    assert at_once == table
    assert at_once.rows() == table.rows()
    assert at_once.noted("new", "h", 100) == table.noted("new", "h", 100)
