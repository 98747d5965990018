"""How the structural codec works out one pair of types; its table stands in `codec`."""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from podium.chassis.codec_values import CodecError, Conversion, convert_enum, scalar, well_known
from podium.kernel.errors import invalid
from podium.kernel.persistent import Map

__all__ = ["CodecError", "Compiler", "Pair"]

_MISSING = dataclasses.MISSING


class Pair:
    """The conversions of one dataclass and one message; filled in after it is made, so that types may recurse."""

    __slots__ = ("decode", "encode", "filled", "unmapped")

    def __init__(self) -> None:
        self.encode: Callable[[Any], Message]
        self.decode: Callable[[Any], Any]
        self.unmapped: tuple[str, ...] = ()
        self.filled = False


class Compiler:
    """Works out pairs, and the pairs inside them, each once."""

    def __init__(self, keys: Mapping[type, str]) -> None:
        self._keys = keys
        self._pairs: dict[tuple[type, str], Pair] = {}

    def pair(self, value_type: type, message_type: type[Message]) -> Pair:
        """The conversions of the two types. Raises CodecError where they do not fit."""
        descriptor: Descriptor = message_type.DESCRIPTOR  # type: ignore[assignment]  # upb's twin
        known = self._pairs.get((value_type, descriptor.full_name))
        if known is not None:
            return known
        pair = self._pairs[value_type, descriptor.full_name] = Pair()
        hints = typing.get_type_hints(value_type)
        fields = [
            _Field(self, value_type, field, hints[field.name], descriptor)
            for field in dataclasses.fields(value_type)
            if field.init
        ]
        pair.encode = _encoder(message_type, fields)
        pair.decode = _decoder(value_type, fields)
        names = {field.name for field in fields}
        pair.unmapped = tuple(name for name in descriptor.fields_by_name if name not in names)
        pair.filled = True
        return pair

    def key_of(self, value_type: type) -> str:
        """The attribute by which maps of this type are keyed."""
        key = self._keys.get(value_type, "id")
        if key not in {field.name for field in dataclasses.fields(value_type)}:
            raise CodecError(f"{value_type.__name__} has no field {key!r} to key a map by: name one in `keys`")
        return key


class _Field:
    """One dataclass field and its proto field.

    `encode` converts a value `x` for which `present` (Python source) is true; None: it stays as it is. `expression`
    takes the value from a message `m`, as Python source whose free names stand in `names`: encoders and decoders are
    compiled of their fields' parts, since a call for each field of each event is most of what a restart costs.
    """

    def __init__(
        self,
        compiler: Compiler,
        owner: type,
        field: "dataclasses.Field[Any]",
        hint: Any,
        descriptor: Descriptor,
    ) -> None:
        self.name = field.name
        self._where = f"{owner.__name__}.{field.name}"
        self._compiler = compiler
        proto = descriptor.fields_by_name.get(field.name)
        if proto is None:
            raise CodecError(f"{self._where} has no field in {descriptor.full_name}")
        self._default = _default_of(field)
        hint, self._optional = _strip_none(hint)
        self._hint = hint
        self.encode: Callable[[Any], Any] | None = None
        self.names: dict[str, Any] = {}
        self.expression = f"m.{field.name}"
        self.present = "x is not None" if proto.has_presence else "x"
        if proto.is_repeated:
            if self._optional:
                raise CodecError(f"{self._where}: a repeated field cannot tell None from empty")
            self._container(proto)
        else:
            self._single(proto)

    def _single(self, proto: FieldDescriptor) -> None:
        inner = self._conversion(self._hint, proto)
        if self._optional and not proto.has_presence and proto.enum_type is None:
            raise CodecError(f"{self._where} may be None, but {proto.full_name} is not optional")
        if not self._optional and proto.containing_oneof is not None and _is_real_oneof(proto):
            raise CodecError(f"{self._where} is a member of a oneof, so its type must allow None")
        self.encode = inner.encode
        here = self.expression
        if inner.decode is not None:
            self.expression = f"{self._bind('decode', inner.decode)}({here})"
        if proto.enum_type is not None:
            self._enum(proto)
        elif proto.has_presence:
            self.expression += f" if m.HasField({self.name!r}) else {self._absent(inner, proto)}"

    def _bind(self, role: str, value: Any) -> str:
        """A name of this field's own in the compiled decoder."""
        name = f"{role}_{self.name}"
        self.names[name] = value
        return name

    def _absent(self, inner: Conversion, proto: FieldDescriptor) -> str:
        """What an unset field reads as: None, else the dataclass' default, else the zero value."""
        if self._optional:
            return "None"
        if self._default is not None:
            return f"{self._bind('absent', self._default)}()"
        if proto.message_type is not None and inner.decode is not None:
            decode, empty = inner.decode, GetMessageClass(proto.message_type)
            return f"{self._bind('absent', lambda: decode(empty()))}()"
        return self._bind("zero", proto.default_value)

    def _enum(self, proto: FieldDescriptor) -> None:
        name, default = self.name, self._default
        has_unspecified = any(member.name == "UNSPECIFIED" for member in self._hint)
        if has_unspecified and not self._optional:
            return
        if has_unspecified and proto.has_presence:
            self.expression += f" if m.HasField({name!r}) else None"
            return

        def unset() -> Any:
            if default is not None:
                return default()
            raise invalid(name, "must be set")

        absent = "None" if self._optional else f"{self._bind('absent', unset)}()"
        self.expression += f" if m.{name} else {absent}"

    def _conversion(self, hint: Any, proto: FieldDescriptor) -> Conversion:
        """The conversion of one element, whatever the field's container."""
        if proto.enum_type is not None:
            return convert_enum(hint, proto.enum_type, self._where)
        if proto.message_type is None:
            return scalar(hint, proto, self._where)
        known = well_known(hint, proto.message_type.full_name)
        if known is not None:
            return known
        if not (isinstance(hint, type) and dataclasses.is_dataclass(hint)):
            raise CodecError(f"{self._where}: {hint!r} does not fit {proto.message_type.full_name}")
        pair = self._compiler.pair(hint, GetMessageClass(proto.message_type))
        if pair.filled:
            return Conversion(pair.encode, pair.decode)
        # Looked up at the call: the pair of a type inside itself is not filled in yet.
        return Conversion(lambda value: pair.encode(value), lambda message: pair.decode(message))  # noqa: PLW0108

    def _container(self, proto: FieldDescriptor) -> None:
        origin, args = typing.get_origin(self._hint), typing.get_args(self._hint)
        if proto.message_type is not None and proto.message_type.GetOptions().map_entry:
            self._map(origin, args, proto.message_type.fields_by_name["value"])
        elif origin is tuple and len(args) == 2 and args[1] is Ellipsis:
            self._sequence(tuple, self._conversion(args[0], proto), ordered=False)
        elif origin is frozenset and len(args) == 1:
            self._sequence(frozenset, self._conversion(args[0], proto), ordered=True)
        elif origin is Map and len(args) == 2 and args[0] is str and proto.message_type is not None:
            self._keyed(args[1], self._conversion(args[1], proto))
        else:
            raise CodecError(f"{self._where}: {self._hint!r} does not fit the repeated {proto.full_name}")

    def _sequence(self, make: type, inner: Conversion, *, ordered: bool) -> None:
        encode, here = inner.encode, self.expression
        if ordered:
            self.encode = sorted if encode is None else (lambda v: sorted(map(encode, v)))
        else:
            self.encode = None if encode is None else (lambda v: [encode(item) for item in v])
        # Most are empty most of the time: then the one empty value serves.
        items = here if inner.decode is None else f"map({self._bind('decode', inner.decode)}, {here})"
        self.expression = f"{self._bind('make', make)}({items}) if {here} else {self._bind('empty', make())}"

    def _keyed(self, value_type: type, inner: Conversion) -> None:
        encode, decode = inner.encode, inner.decode
        assert encode is not None and decode is not None
        key = attrgetter(self._compiler.key_of(value_type))
        self.encode = lambda v: [encode(v[k]) for k in sorted(v)]

        def read(items: Any) -> Any:
            return Map((key(value), value) for value in map(decode, items))

        self.expression = f"{self._bind('read', read)}({self.expression})"

    def _map(self, origin: Any, args: tuple[Any, ...], value: FieldDescriptor) -> None:
        if len(args) != 2 or args[0] is not str or origin not in (Map, Mapping, dict):
            raise CodecError(f"{self._where}: a proto map needs Mapping[str, …] or Map[str, …]")
        inner = self._conversion(args[1], value)
        encode, decode = inner.encode, inner.decode
        make: Callable[[Any], Any] = Map if origin is Map else dict
        self.encode = dict if encode is None else (lambda v: {k: encode(item) for k, item in v.items()})

        def read(items: Any) -> Any:
            return make(items) if decode is None else make({k: decode(item) for k, item in items.items()})

        self.expression = f"{self._bind('read', read)}({self.expression})"


def _encoder(message_type: type[Message], fields: Sequence[_Field]) -> Callable[[Any], Message]:
    """Compiled as decoders are; what a reader would take for unset anyway is left out, which is most of a message."""
    names: dict[str, Any] = {"message": message_type}
    lines = ["def encode(v):", "    values = {}"]
    for field in fields:
        value = "x"
        if field.encode is not None:
            value = f"encode_{field.name}(x)"
            names[f"encode_{field.name}"] = field.encode
        lines += [f"    x = v.{field.name}", f"    if {field.present}: values[{field.name!r}] = {value}"]
    lines.append("    return message(**values)")
    encode: Callable[[Any], Message] = _compiled("encode", lines, names)
    return encode


def _decoder(value_type: type, fields: Sequence[_Field]) -> Callable[[Any], Any]:
    """Compiled of the fields' expressions; the names in the source are those of the dataclass' own fields."""
    names: dict[str, Any] = {"kind": value_type, "new": object.__new__}
    for field in fields:
        names.update(field.names)
    members = [vars(value_type).get(field.name) for field in fields]
    if all(isinstance(member, types.MemberDescriptorType) for member in members) and _is_plain(value_type):
        # A frozen dataclass' own __init__ goes through object.__setattr__ for each field.
        for field, member in zip(fields, members, strict=True):
            names[f"put_{field.name}"] = getattr(member, "__set__")  # noqa: B009
        puts = [f"    put_{field.name}(made, {field.expression})" for field in fields]
        lines = ["def decode(m):", "    made = new(kind)", *puts, "    return made"]
    else:
        values = [f"        {field.name}=({field.expression})," for field in fields]
        lines = ["def decode(m):", "    return kind(", *values, "    )"]
    decode: Callable[[Any], Any] = _compiled("decode", lines, names)
    return decode


def _compiled(name: str, lines: Sequence[str], names: dict[str, Any]) -> Any:
    """The function of this name. Its source holds nothing but names of dataclass fields, and what is said here."""
    exec(compile("\n".join(lines), f"<{name}>", "exec"), names)  # noqa: S102
    return names[name]


def _is_plain(value_type: type) -> bool:
    """Whether its `__init__` only sets the fields."""
    every = dataclasses.fields(value_type)
    return not hasattr(value_type, "__post_init__") and all(field.init for field in every)


def _default_of(field: "dataclasses.Field[Any]") -> Callable[[], Any] | None:
    if field.default_factory is not _MISSING:
        return field.default_factory
    if field.default is not _MISSING:
        default = field.default
        return lambda: default
    return None


def _strip_none(hint: Any) -> tuple[Any, bool]:
    """The type without None, and whether None was there."""
    if isinstance(hint, typing.NewType):
        return _strip_none(hint.__supertype__)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [arg for arg in typing.get_args(hint) if arg is not type(None)]
        if len(rest) == 1:
            return rest[0], True
    return hint, False


def _is_real_oneof(proto: FieldDescriptor) -> bool:
    """Whether the oneof was written so; `optional` fields sit in a synthetic one named after them."""
    oneof = proto.containing_oneof
    return oneof is not None and not (len(oneof.fields) == 1 and oneof.name == f"_{proto.name}")
