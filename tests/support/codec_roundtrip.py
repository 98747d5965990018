"""Holds a structural codec to its word: every paired type survives the way to bytes and back, whatever its values.

def test_codec():
    \"\"\"Every message and its dataclass convert both ways without loss.\"\"\"
    check_roundtrip(CODEC, unmapped={OpenPod: {"pod_id", "request_id"}})
"""

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.chassis.codec import StructuralCodec
from podium.kernel.persistent import Map

Strategies = Mapping[type, st.SearchStrategy[Any]]

_MAX_DEPTH = 4
_NONE: st.SearchStrategy[Any] = st.none()

_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: st.integers(0, 2**64 - 1),
}


def check_roundtrip(
    codec: StructuralCodec,
    *,
    examples: int = 25,
    overrides: Strategies | None = None,
    unmapped: Mapping[type, set[str]] | None = None,
) -> None:
    """Check every pair of a codec, both ways, with generated values.

    `overrides` gives strategies for types whose fields are not free. With `unmapped` the proto fields that a type
    leaves out must be exactly those named (types not named: none), so that no new proto field is forgotten.
    """
    if unmapped is not None:
        left_out = {kind: set(codec.unmapped(kind)) for kind in codec.pairs if codec.unmapped(kind)}
        assert left_out == {kind: names for kind, names in unmapped.items() if names}
    for kind in codec.pairs:
        _check(codec, kind, examples, overrides or {})


def _check(codec: StructuralCodec, kind: type, examples: int, overrides: Strategies) -> None:
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(values_of(codec, kind, overrides))
    def check(value: Any) -> None:
        message = codec.to_proto(value)
        data = message.SerializeToString(deterministic=True)
        read = codec.pairs[kind].FromString(data)
        again = codec.from_proto(read)
        assert again == value, f"{kind.__name__}: the value does not survive"
        assert codec.to_proto(again) == read, f"{kind.__name__}: the message does not survive"
        assert codec.to_proto(again).SerializeToString(deterministic=True) == data

    check()


def values_of(codec: StructuralCodec, kind: type, overrides: Strategies | None = None) -> st.SearchStrategy[Any]:
    """Values of a paired type, of every shape its message can carry."""
    return _Builder(codec.keys, overrides or {}).dataclass(kind, codec.pairs[kind].DESCRIPTOR, 0)


class _Builder:
    def __init__(self, keys: Mapping[type, str], overrides: Strategies) -> None:
        self._keys = keys
        self._overrides = overrides

    def dataclass(self, kind: type, descriptor: Any, depth: int) -> st.SearchStrategy[Any]:
        if kind in self._overrides:
            return self._overrides[kind]
        hints = typing.get_type_hints(kind)
        names = [field.name for field in dataclasses.fields(kind) if field.init]
        fields = {name: self._field(hints[name], descriptor.fields_by_name[name], depth) for name in names}
        choices = [
            [field.name for field in oneof.fields if field.name in fields]
            for oneof in descriptor.oneofs
            if len(oneof.fields) > 1 or oneof.name != f"_{oneof.fields[0].name}"
        ]

        @st.composite
        def build(draw: Any) -> Any:
            values = {name: draw(strategy) for name, strategy in fields.items()}
            for members in choices:  # of a oneof at most one is there
                kept = draw(st.sampled_from(members)) if members else None
                values.update({name: None for name in members if name != kept})
            return kind(**values)

        return build()

    def _field(self, hint: Any, proto: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
        if isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        if typing.get_origin(hint) in (typing.Union, types.UnionType):
            [inner] = [arg for arg in typing.get_args(hint) if arg is not type(None)]
            if depth >= _MAX_DEPTH and proto.message_type is not None:
                return _NONE
            return _NONE | self._one(inner, proto, depth, optional=True)
        if proto.is_repeated:
            return self._container(hint, proto, depth)
        return self._one(hint, proto, depth)

    def _container(self, hint: Any, proto: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        size = 0 if depth >= _MAX_DEPTH and proto.message_type is not None else 3
        if proto.message_type is not None and proto.message_type.GetOptions().map_entry:
            value = self._one(args[1], proto.message_type.fields_by_name["value"], depth)
            pairs = st.dictionaries(st.text(max_size=5), value, max_size=size)
            return pairs.map(Map) if origin is Map else pairs
        if origin is Map:
            key = self._keys.get(args[1], "id")
            items = st.lists(self._one(args[1], proto, depth), max_size=size, unique_by=lambda item: getattr(item, key))
            return items.map(lambda found: Map((getattr(item, key), item) for item in found))
        if origin is frozenset:
            return st.frozensets(self._one(args[0], proto, depth), max_size=size)
        return st.lists(self._one(args[0], proto, depth), max_size=size).map(tuple)

    def _one(self, hint: Any, proto: FieldDescriptor, depth: int, *, optional: bool = False) -> st.SearchStrategy[Any]:
        hint = getattr(hint, "__supertype__", hint)
        if isinstance(hint, type) and hint in self._overrides:
            return self._overrides[hint]
        if isinstance(hint, type) and issubclass(hint, Enum):
            # An unset enum that may be None reads as None, so UNSPECIFIED is not a value of its own there.
            hidden = optional or proto.is_repeated
            return st.sampled_from([m for m in hint if not (hidden and m.name == "UNSPECIFIED")])
        if proto.cpp_type in _INTEGERS:
            return _INTEGERS[proto.cpp_type]
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            return st.deferred(lambda: self.dataclass(hint, proto.message_type, depth + 1))
        return _leaf(hint, proto)


def _leaf(hint: Any, proto: FieldDescriptor) -> st.SearchStrategy[Any]:
    if hint is float:
        width: typing.Literal[32, 64] = 32 if proto.cpp_type == FieldDescriptor.CPPTYPE_FLOAT else 64
        return st.floats(allow_nan=False, width=width)
    if hint is datetime:
        return st.datetimes(timezones=st.just(UTC))
    if hint is timedelta:
        return st.timedeltas(timedelta(days=-3_650_000), timedelta(days=3_650_000))
    if typing.get_origin(hint) is tuple:  # a field mask
        return st.lists(st.text("abc_", min_size=1, max_size=5), max_size=3).map(tuple)
    leaves: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(max_size=12),
        bytes: st.binary(max_size=12),
        bool: st.booleans(),
    }
    return leaves[hint]
