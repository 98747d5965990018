"""Field rules of requests, as their protos state them."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message

from podium.kernel.errors import Kind, Rejection, Violation

if TYPE_CHECKING:
    from protovalidate import Validator

MAX_VIOLATIONS = 20
"""How many are reported: they travel in the response's headers."""


@cache
def _validator() -> "Validator":
    # A fifth of a second of CPU: not before the first request.
    from protovalidate import Validator

    return Validator()


def validate(message: Message) -> None:
    """Raises Rejection INVALID_FIELD that names every field (at most 20) that breaks its rule."""
    found = _validator().collect_violations(message)
    if not found:
        return
    violations = [_violation(item.proto) for item in found[:MAX_VIOLATIONS]]
    first = violations[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    text = f"{first.field}: {first.description}{more}"
    raise Rejection(Kind.INVALID_ARGUMENT, "INVALID_FIELD", text, violations=tuple(violations))


def _violation(violation: Any) -> Violation:
    path = field_path(violation.field.elements) if violation.field is not None else ""
    return Violation(path, violation.message or violation.rule_id)


def field_path(elements: Sequence[Any]) -> str:
    """`items[3].labels["a"].id` from a `buf.validate.FieldPath`."""
    parts: list[str] = []
    for element in elements:
        subscript = element.subscript
        key = "" if subscript is None else f"[{_quoted(subscript.value)}]"
        parts.append(f"{element.field_name}{key}")
    return ".".join(parts)


def _quoted(key: object) -> str:
    return f'"{key}"' if isinstance(key, str) else str(key).lower() if isinstance(key, bool) else str(key)
