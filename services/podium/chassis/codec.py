"""The structural codec: domain dataclasses and protobuf messages of the same shape, converted both ways.

Fields belong together by equal names. The conversions of a type are worked out once, when the codec is made, and
kept as closures; whatever cannot be converted faithfully is an error at that moment, not at run time.

| dataclass field | proto field |
|---|---|
| str, int, bool, float, bytes | the scalar |
| `X | None` of a scalar | `optional` scalar, or a member of a oneof |
| datetime (UTC, aware), or None | Timestamp |
| timedelta, or None | Duration |
| Enum with the values' names, without their prefix | enum; UNSPECIFIED reads as None or the field's default |
| dataclass, or None | message |
| `tuple[X, ...]`; `frozenset[X]` (written in order) | repeated |
| `Map[str, X]` | repeated X, keyed by `X.id` and written in that order; or a proto map |
| `Mapping[str, str]` | map |
| `tuple[str, ...]` | FieldMask (its paths) |

A proto field without a dataclass field is ignored when reading and left unset when writing (`unmapped` lists them);
a dataclass field without a proto field is a `CodecError`.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

from google.protobuf.message import Message

from podium.chassis import codec_fields
from podium.chassis.codec_fields import CodecError

__all__ = ["CodecError", "Pairs", "StructuralCodec", "pair_by_name", "pair_commands"]

Pairs = Mapping[type, type[Message]]


class StructuralCodec:
    """Converts between the paired types, and between whatever these contain.

    `keys` names the attribute by which `Map` fields are keyed, for the types where that is not `id`.
    Raises CodecError where a pair does not fit.
    """

    def __init__(self, pairs: Pairs, *, keys: Mapping[type, str] | None = None) -> None:
        self.pairs: Pairs = dict(pairs)
        self.keys: Mapping[type, str] = dict(keys or {})
        compiler = codec_fields.Compiler(self.keys)
        self._encoders: dict[type, Callable[[Any], Message]] = {}
        self._decoders: dict[str, Callable[[Any], Any]] = {}
        self._unmapped: dict[type, tuple[str, ...]] = {}
        for value_type, message_type in pairs.items():
            pair = compiler.pair(value_type, message_type)
            name = message_type.DESCRIPTOR.full_name
            if name in self._decoders:
                raise CodecError(f"{name} is paired twice, the second time with {value_type.__name__}")
            self._encoders[value_type] = pair.encode
            self._decoders[name] = pair.decode
            self._unmapped[value_type] = pair.unmapped

    def to_proto(self, value: Any) -> Message:
        """The message of a value; raises LookupError for a type that has no pair."""
        try:
            encode = self._encoders[type(value)]
        except KeyError:
            raise LookupError(f"no message is paired with {type(value).__name__}") from None
        return encode(value)

    def from_proto(self, message: Message) -> Any:
        """The value of a message.

        Raises LookupError for a message that has no pair, Rejection (INVALID_FIELD) for an enum that is not set
        where a value is needed.
        """
        name = message.DESCRIPTOR.full_name
        try:
            decode = self._decoders[name]
        except KeyError:
            raise LookupError(f"nothing is paired with {name}") from None
        return decode(message)

    def reader(self, message_type: type[Message]) -> Callable[[Message], Any]:
        """`from_proto` for one type of message, found beforehand; raises LookupError where it has no pair."""
        return self._decoders[message_type.DESCRIPTOR.full_name]

    def unmapped(self, value_type: type) -> tuple[str, ...]:
        """The proto fields of a paired type's message that the type does not have."""
        return self._unmapped[value_type]


def pair_by_name(
    domain_modules: Iterable[ModuleType],
    proto_modules: Iterable[ModuleType],
    aliases: Mapping[str, str] | None = None,
) -> dict[type, type[Message]]:
    """The dataclasses of the modules with the messages of the same name.

    `aliases` gives other message names by dataclass name. Dataclasses without a message are left out.
    Raises CodecError where two messages have the wanted name.
    """
    return _pair(domain_modules, proto_modules, aliases or {}, suffix="")


def pair_commands(
    domain_modules: Iterable[ModuleType],
    proto_modules: Iterable[ModuleType],
    aliases: Mapping[str, str] | None = None,
) -> dict[type, type[Message]]:
    """The same for commands: dataclass `ApproveSpec` with message `ApproveSpecRequest`."""
    return _pair(domain_modules, proto_modules, aliases or {}, suffix="Request")


def _pair(
    domain_modules: Iterable[ModuleType],
    proto_modules: Iterable[ModuleType],
    aliases: Mapping[str, str],
    suffix: str,
) -> dict[type, type[Message]]:
    messages: dict[str, list[type[Message]]] = {}
    for module in proto_modules:
        for name in module.DESCRIPTOR.message_types_by_name:
            messages.setdefault(name, []).append(getattr(module, name))
    pairs: dict[type, type[Message]] = {}
    for module in domain_modules:
        for name, value_type in vars(module).items():
            if not _is_own_dataclass(value_type, module):
                continue
            found = messages.get(aliases.get(name, name + suffix), [])
            if len(found) > 1:
                raise CodecError(f"{name}: more than one message has this name: give the codec one module")
            if found:
                pairs[value_type] = found[0]
    return pairs


def _is_own_dataclass(value: object, module: ModuleType) -> bool:
    return isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == module.__name__
