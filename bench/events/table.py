"""The figures against what they are to reach."""

from collections.abc import Iterator, Mapping

from bench.report import Row

PG_FLOOR = 18_000
MEMORY_MB = 250


def rows(values: Mapping[str, float]) -> list[Row]:
    """A row for each figure and peer that was measured."""
    return [*_rates(values), *_unary(values), *_deliveries(values), *_size(values)]


def _against(figure: str, unit: str, value: float, peer: str, other: float | None, times: float | None) -> Row:
    """At least so many times the peer."""
    if other is None:
        return Row(figure, value, unit, peer=f"{peer} (not here)")
    ratio = value / other
    if times is None:
        return Row(figure, value, unit, peer, other, ratio)
    return Row(figure, value, unit, peer, other, ratio, f">= {times:g} x", ratio >= times)


def _at_most(figure: str, unit: str, value: float, limit: float) -> Row:
    return Row(figure, value, unit, target=f"<= {limit:g}", met=value <= limit)


def _rates(values: Mapping[str, float]) -> Iterator[Row]:
    figure, unit = "appends/s, 64 callers, SQLite", "/s"
    for peer, times in (("UmaDB", 1), ("eventsourcing, SQLite", 4), ("Redis", None)):
        label = {"UmaDB": "UmaDB, 64 threads", "Redis": "Redis XADD, appendfsync always"}.get(peer, peer)
        yield _against(figure, unit, values["shared"], label, values.get(peer), times)
    if "shared, PostgreSQL" in values:
        value, figure = values["shared, PostgreSQL"], "appends/s, 64 callers, PostgreSQL"
        yield Row(figure, value, unit, target=f">= {PG_FLOOR:,}", met=value >= PG_FLOOR)
        peer = "eventsourcing, PostgreSQL"
        yield _against(figure, unit, value, peer, values.get(peer), 15)


def _unary(values: Mapping[str, float]) -> Iterator[Row]:
    yield _against("unary Append, 64 in flight", "/s", values["unary"], "empty handler", values["empty"], 0.6)
    floor = values["empty p50"] + values["sync p50"]
    ratio = values["lone p50"] / floor
    yield Row(
        "unary Append, one in flight, p50",
        values["lone p50"] * 1e3,
        "ms",
        "empty RPC + fdatasync",
        floor * 1e3,
        ratio,
        "<= 1.3 x",
        ratio <= 1.3,
    )


def _deliveries(values: Mapping[str, float]) -> Iterator[Row]:
    for name, figure, limit in (
        ("delivery p99, idle", "commit to subscriber, p99, idle", 2),
        ("delivery p99, saturated", "commit to subscriber, p99, unary saturation", 10),
        ("fan-out p99, 100/s", "100 subscribers, one stalled: p99 at 100 events/s", 10),
        ("fan-out p99, 1000/s", "100 subscribers, one stalled: p99 at 1,000 events/s", 25),
    ):
        yield _at_most(figure, "ms", values[name] * 1e3, limit)
    yield _at_most("memory of the store after that", "MB", values["memory"], MEMORY_MB)
    value = values["catch-up"]
    yield Row("catch-up read over gRPC", value, "events/s", target=">= 400,000", met=value >= 400_000)


def _size(values: Mapping[str, float]) -> Iterator[Row]:
    yield _against("1,000-event appends", "events/s", values["bulk"], "bare executemany", values["bare"], 0.7)
    yield _at_most("serving after kill -9, 1 M events", "s", values["restart"], 2)
    ratio = values["append p50, 1 M"] / values["append p50, 10 k"]
    yield Row(
        "append p50 at 1 M events",
        values["append p50, 1 M"] * 1e3,
        "ms",
        "at 10 k",
        values["append p50, 10 k"] * 1e3,
        ratio,
        "<= 1.2 x",
        ratio <= 1.2,
    )
