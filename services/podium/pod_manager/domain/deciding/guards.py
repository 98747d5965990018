"""Checks that several commands share."""

import re

from podium.kernel.errors import invalid, precondition
from podium.pod_manager.domain import limits
from podium.pod_manager.domain.kinds import Phase
from podium.pod_manager.domain.limits import check_count, check_text
from podium.pod_manager.domain.resources import PlanItem, Pod

ITEM_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def in_phase(pod: Pod, *phases: Phase) -> None:
    """Raises INVALID_PHASE."""
    if pod.phase not in phases:
        raise precondition("INVALID_PHASE", f"not possible in {pod.phase.name}", phase=pod.phase.name)


def check_item(field: str, item: PlanItem) -> None:
    """One item by itself."""
    if not ITEM_ID.fullmatch(item.id):
        raise invalid(f"{field}.id", "must be 1 to 63 of a-z, 0-9 and -, and not begin with -")
    check_text(f"{field}.title", item.title)
    check_text(f"{field}.description", item.description, required=False)
    check_count(f"{field}.dependencies", len(item.dependencies), limits.DEPENDENCIES)
