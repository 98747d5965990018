"""What runners report to a pod that holds too much: counted, in fewer words."""

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from podium.pod_manager.domain.copying import replace
from podium.pod_manager.domain.limits import HELD_BYTES, SHORT_BYTES, cut
from podium.pod_manager.domain.resources import Pod

T = TypeVar("T")

ENTRIES = 10
"""Of a list of names."""


def shortened(pod: Pod, report: T) -> T:
    """The report; with its texts cut to their ends where the pod holds too much."""
    return _short(report) if pod.held_bytes > HELD_BYTES else report


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return cut(value, SHORT_BYTES)
    if isinstance(value, tuple):
        return tuple(_short(each) for each in value[:ENTRIES])
    if is_dataclass(value):
        return replace(value, **{field.name: _short(getattr(value, field.name)) for field in fields(value)})
    return value
