"""`replace` for our values: frozen dataclasses, with slots or (the pod itself, with its fifty fields) with a dict.

`dataclasses.replace` walks the fields and calls `__init__`, which sets each field through a Python call; a fold does
that for every fact. Here slots are copied by their descriptors, and a dict is copied whole, which is faster still.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

T = TypeVar("T")

Get = Callable[[Any], Any]
Put = Callable[[Any, Any], None]
Slots = tuple[tuple[tuple[Get, Put], ...], dict[str, Put]]
_KNOWN: dict[type, Slots] = {}


def _slots(kind: type[Any]) -> Slots:
    """(reader and writer of every slot, the writers by name)."""
    members = {field.name: vars(kind)[field.name] for field in fields(kind)}
    both = tuple((member.__get__, member.__set__) for member in members.values())
    return both, {name: member.__set__ for name, member in members.items()}


def replace(value: T, **changes: Any) -> T:
    """A copy with some fields changed; raises KeyError for a field that the type does not have."""
    kind = type(value)
    known = _KNOWN.get(kind)
    if known is None:
        if "__slots__" not in kind.__dict__:
            return _replace_in_dict(value, changes)
        known = _KNOWN[kind] = _slots(kind)
    slots, setters = known
    made = object.__new__(kind)
    for get, put in slots:
        put(made, get(value))
    for name, change in changes.items():
        setters[name](made, change)
    return made


def _replace_in_dict(value: T, changes: dict[str, Any]) -> T:
    before = value.__dict__
    after = {**before, **changes}
    if len(after) != len(before):
        raise KeyError(*(changes.keys() - before.keys()))
    made = object.__new__(type(value))
    object.__setattr__(made, "__dict__", after)
    return made


def finish(made: T, **changes: Any) -> T:
    """Set fields of a value with a dict that has just been made by `replace` and that nobody else has seen.

    Raises KeyError for a field that the type does not have.
    """
    held = made.__dict__
    for name in changes:
        if name not in held:
            raise KeyError(name)
    held.update(changes)
    return made
