"""Figures as a table, and with JSON=FILE as rows for machines."""

import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """A figure and what it is held against; `met` is None where there is no target."""

    figure: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


def median(values: Sequence[float]) -> float:
    """The middle of several rounds."""
    return statistics.median(values)


def report(rows: Sequence[Row]) -> None:
    """Print the table; write `{"rows": […]}` to the file that JSON names."""
    header = ("figure", "value", "unit", "peer", "peer value", "ratio", "target", "met")
    lines = [header, *[_cells(row) for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    target = os.environ.get("JSON")
    if target:
        Path(target).write_text(json.dumps({"rows": [asdict(row) for row in rows]}, indent=1) + "\n")


def _cells(row: Row) -> tuple[str, ...]:
    def number(value: float | None) -> str:
        return "" if value is None else f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"

    met = {True: "yes", False: "NO", None: ""}[row.met]
    ratio = number(row.ratio)
    return (row.figure, number(row.value), row.unit, row.peer, number(row.peer_value), ratio, row.target, met)
