"""The figures against what they are to reach."""

from collections.abc import Iterator, Mapping

from bench.report import Row

Values = Mapping[str, float]


def rows(values: Values) -> list[Row]:
    """A row for each figure that was measured, and one for each peer."""
    return [*_commands(values), *_watching(values), *_living(values)]


def _against(figure: str, value: float, peer: str, other: float | None, times: float) -> Row:
    if other is None:
        return Row(figure, value, "/s", peer=f"{peer} (not here)", target=f">= {times:g} x")
    return Row(figure, value, "/s", peer, other, value / other, f">= {times:g} x", value / other >= times)


def _at_most(figure: str, unit: str, value: float, limit: float) -> Row:
    return Row(figure, value, unit, target=f"<= {limit:,g}", met=value <= limit)


def _at_least(figure: str, value: float, limit: float) -> Row:
    return Row(figure, value, "/s", target=f">= {limit:,g}", met=value >= limit)


def _commands(values: Values) -> Iterator[Row]:
    ratio = values["lone p50"] / values["empty p50"]
    figure = "PostMessage, one in flight, p50"
    yield Row(
        *(figure, values["lone p50"] * 1e3, "ms", "empty unary RPC", values["empty p50"] * 1e3, ratio),
        *("<= 3.2 x", ratio <= 3.2),
    )
    restate, lone = "Restate, virtual object", "PostMessage, one in flight"
    yield _against(lone, values["lone rate"], restate, values.get("restate lone"), 2)
    figure = "commands/s, 64 in flight over 64 pods"
    yield _at_least(figure, values["many pods"], 2000)
    yield _against(figure, values["many pods"], restate, values.get("restate rate"), 2.5)
    yield _against(figure, values["many pods"], "DBOS on SQLite, workflow + step", values.get("dbos rate"), 8)
    yield Row("the same, callers are Python clients here", values["many pods by client"], "/s")
    figure, share = "commands/s, 64 in flight on one pod", values["one pod"] / values["many pods"]
    yield Row(figure, values["one pod"], "/s", "over 64 pods", values["many pods"], share, ">= 0.8 x", share >= 0.8)
    yield Row("empty unary RPC, 64 in flight", values["empty rate"], "/s")


def _watching(values: Values) -> Iterator[Row]:
    yield _at_most("commit to 100 watchers, p99", "ms", values["watch p99"] * 1e3, 20)
    yield Row("the same, watchers are Python clients here", values["watch p99 of clients"] * 1e3, "ms")
    size = values["delivery bytes"]
    yield _at_least(f"deliveries/s to 1,000 watchers ({size:.0f} bytes)", values["deliveries"], 20_000)
    yield Row("the same, watchers are Python clients here", values["deliveries to clients"], "/s")
    yield _at_most("ready to agent's process, p95", "ms", values["start p95"] * 1e3, 400)


def _living(values: Values) -> Iterator[Row]:
    yield _at_most("restart, 1,000 pods, 100 k events, all served", "s", values["restart"], 3)
    yield Row("restart, no pods", values["bare start"], "s")
    yield _at_most("10,000 idle pods, memory", "MB", values["idle"], 1000)
    yield _at_most("any state of a pod of 10,000 events, p95", "ms", values["travel p95"] * 1e3, 100)
    yield _at_most("an answer to who asked, p95", "ms", values["answer p95"] * 1e3, 250)
