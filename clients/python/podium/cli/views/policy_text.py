"""A pod's policy as NAME = VALUE, both ways."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from podium.cli import exits
from podium.cli.exits import CliError
from podium.cli.views.plain import enum_word, word

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from podium.pods.v1 import pod_pb2

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIME = re.compile(r"(\d+)([smhd])$")
_YES, _NO = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
_NAMES = (
    *("autonomy", "permissions", "priority", "max_parallel_agents", "max_attempts", "auto_start_agents"),
    *("retry_backoff", "retry_backoff_limit", "spawn_cooldown", "agent_time_limit"),
    *("budget.tokens", "budget.cost_micros", "budget.agent_time", "landing"),
)

_NONE_AT_ZERO = frozenset({"tokens", "cost_micros", "agent_time", "agent_time_limit"})
"""Rules that bind nothing where they are 0."""


def plain_policy(policy: "pod_pb2.Policy") -> dict[str, str]:
    """Every rule by its name, in the words that `parse` takes."""
    found = {name: _shown(*_place(policy, name)) for name in _NAMES}
    for choice in policy.profiles:
        kind = word(choice, "kind").lower()
        found["profile" if kind == "unspecified" else f"profile.{kind}"] = choice.profile
    return found


def parse(changes: Sequence[tuple[str, str]], policy: "pod_pb2.Policy") -> "tuple[pod_pb2.Policy, list[str]]":
    """(the new values, the paths that change); a profile is set among those that stand. Raises `CliError`."""
    from podium.pods.v1 import pod_pb2

    made = pod_pb2.Policy()
    made.profiles.MergeFrom(policy.profiles)
    paths: list[str] = []
    for name, value in changes:
        if name == "profile" or name.startswith("profile."):
            _set_profile(made, name.partition(".")[2], value)
            paths.append("profiles")
        elif name in _NAMES:
            _set(*_place(made, name), value)
            paths.append(name)
        else:
            raise CliError(f"no rule {name!r}", f"there are: {', '.join((*_NAMES, 'profile'))}", exits.USAGE)
    return made, list(dict.fromkeys(paths))


def _place(policy: "pod_pb2.Policy", name: str) -> "tuple[Message, str]":
    head, _, tail = name.partition(".")
    return (policy.budget, tail) if tail else (policy, head)


def _shown(message: "Message", name: str) -> str:
    field = message.DESCRIPTOR.fields_by_name[name]
    value = getattr(message, name)
    if field.enum_type is not None:
        return enum_word(field, value).lower()
    if name in _NONE_AT_ZERO and not (value.seconds if field.message_type is not None else value):
        return "none"
    if field.message_type is not None:
        return _time(value.seconds)
    return str(value).lower()


def _time(seconds: int) -> str:
    unit = next((unit for unit, size in reversed(_UNITS.items()) if seconds and seconds % size == 0), "s")
    return f"{seconds // _UNITS[unit]}{unit}"


def _set(message: "Message", name: str, value: str) -> None:
    field = message.DESCRIPTOR.fields_by_name[name]
    if name in _NONE_AT_ZERO and value.lower() == "none":
        value = "0s" if field.message_type is not None else "0"
    if field.enum_type is not None:
        setattr(message, name, _enum(field.enum_type, name, value))
    elif field.message_type is not None:
        getattr(message, name).FromSeconds(_seconds(name, value))
    elif isinstance(getattr(message, name), bool):
        if value.lower() not in _YES | _NO:
            raise _wrong(name, value, "true or false")
        setattr(message, name, value.lower() in _YES)
    else:
        if not value.isdigit() or int(value) >= 1 << 31:
            raise _wrong(name, value, "a number")
        setattr(message, name, int(value))


def _enum(enum: "object", name: str, value: str) -> int:
    names: dict[str, int] = {each.name: each.number for each in enum.values}  # type: ignore[attr-defined]
    prefix = next(iter(names)).removesuffix("UNSPECIFIED")
    words = {each.removeprefix(prefix): number for each, number in names.items() if number}
    if value.upper() not in words:
        raise _wrong(name, value, ", ".join(words).lower())
    return words[value.upper()]


def _seconds(name: str, value: str) -> int:
    found = _TIME.match(value)
    if found is None:
        raise _wrong(name, value, "a time as 90s, 10m, 2h or 1d")
    return int(found[1]) * _UNITS[found[2]]


def _set_profile(policy: "pod_pb2.Policy", kind: str, profile: str) -> None:
    from podium.pods.v1 import pod_pb2

    number = _enum(pod_pb2.AgentKind.DESCRIPTOR, f"profile.{kind}", kind) if kind else 0
    kept = [choice for choice in policy.profiles if choice.kind != number]
    del policy.profiles[:]
    policy.profiles.extend(kept)
    if profile:
        policy.profiles.add(kind=number, profile=profile)


def _wrong(name: str, value: str, wanted: str) -> CliError:
    return CliError(f"{name}={value}: that must be {wanted}", code=exits.USAGE)
