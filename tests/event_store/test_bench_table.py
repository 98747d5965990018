"""The table of `make bench-events`, from made-up figures."""

import pytest
from bench.events.table import rows

GOOD = {
    "shared": 20_000.0,
    "UmaDB": 14_000.0,
    "eventsourcing, SQLite": 2_500.0,
    "Redis": 16_000.0,
    "shared, PostgreSQL": 25_000.0,
    "eventsourcing, PostgreSQL": 900.0,
    "unary": 3_500.0,
    "empty": 5_000.0,
    "empty p50": 0.0007,
    "sync p50": 0.0002,
    "lone p50": 0.0011,
    "delivery p99, idle": 0.001,
    "delivery p99, saturated": 0.006,
    "fan-out p99, 100/s": 0.006,
    "fan-out p99, 1000/s": 0.02,
    "memory": 90.0,
    "catch-up": 600_000.0,
    "bulk": 60_000.0,
    "bare": 70_000.0,
    "restart": 0.9,
    "append p50, 1 M": 0.0011,
    "append p50, 10 k": 0.001,
}


def test_every_figure_has_a_row_with_its_target() -> None:
    """Good figures meet every target; a peer without one (Redis) is beside ours for comparison."""
    found = rows(GOOD)
    assert len(found) == 16
    assert [row.peer for row in found if row.met is None] == ["Redis XADD, appendfsync always"]
    assert all(row.met for row in found if row.target)


@pytest.mark.parametrize(
    ("name", "value", "figure"),
    [
        ("shared", 5_000.0, "appends/s, 64 callers, SQLite"),
        ("shared, PostgreSQL", 17_000.0, "appends/s, 64 callers, PostgreSQL"),
        ("unary", 2_000.0, "unary Append, 64 in flight"),
        ("lone p50", 0.0013, "unary Append, one in flight, p50"),
        ("bulk", 40_000.0, "1,000-event appends"),
        ("append p50, 1 M", 0.0013, "append p50 at 1 M events"),
        ("restart", 2.1, "serving after kill -9, 1 M events"),
    ],
)
def test_a_figure_that_falls_short_says_so(name: str, value: float, figure: str) -> None:
    """`met` is false on the figure's row."""
    assert any(row.met is False for row in rows({**GOOD, name: value}) if row.figure == figure)


def test_peers_that_are_not_here_are_rows_without_a_verdict() -> None:
    """Nothing is held against what was not measured."""
    absent = ("UmaDB", "Redis", "eventsourcing, SQLite", "eventsourcing, PostgreSQL", "shared, PostgreSQL")
    found = rows({name: value for name, value in GOOD.items() if name not in absent})
    assert [row.peer for row in found if row.peer.endswith("(not here)")] == [
        "UmaDB, 64 threads (not here)",
        "eventsourcing, SQLite (not here)",
        "Redis XADD, appendfsync always (not here)",
    ]
    assert {row.met for row in found if row.peer.endswith("(not here)")} == {None}
