"""Single values between Python and protobuf: scalars, enums, times, field masks."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from podium.kernel.instants import from_microseconds


class CodecError(TypeError):
    """A dataclass and a message do not fit each other; the text names the field."""


class Conversion(NamedTuple):
    """Both ways of one value; None: it stays as it is."""

    encode: Callable[[Any], Any] | None
    decode: Callable[[Any], Any] | None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_PYTHON_TYPES = {
    FieldDescriptor.CPPTYPE_STRING: (str, bytes),
    FieldDescriptor.CPPTYPE_INT32: (int,),
    FieldDescriptor.CPPTYPE_INT64: (int,),
    FieldDescriptor.CPPTYPE_UINT32: (int,),
    FieldDescriptor.CPPTYPE_UINT64: (int,),
    FieldDescriptor.CPPTYPE_BOOL: (bool,),
    FieldDescriptor.CPPTYPE_DOUBLE: (float,),
    FieldDescriptor.CPPTYPE_FLOAT: (float,),
}


def to_timestamp(value: datetime) -> Timestamp:
    """The Timestamp of an aware datetime; raises TypeError for a naive one."""
    passed = value - _EPOCH
    return Timestamp(seconds=passed.days * 86400 + passed.seconds, nanos=passed.microseconds * 1000)


def from_timestamp(value: Timestamp) -> datetime:
    """The datetime (UTC) of a Timestamp, cut to microseconds."""
    return from_microseconds(value.seconds * 1_000_000 + value.nanos // 1000)


def to_duration(value: timedelta) -> Duration:
    """The Duration of a timedelta; seconds and nanos have the same sign, as protobuf wants."""
    microseconds = value // timedelta(microseconds=1)
    seconds, rest = divmod(abs(microseconds), 1_000_000)
    sign = -1 if microseconds < 0 else 1
    return Duration(seconds=sign * seconds, nanos=sign * rest * 1000)


def from_duration(value: Duration) -> timedelta:
    """The timedelta of a Duration, cut to microseconds."""
    return timedelta(seconds=value.seconds, microseconds=int(value.nanos / 1000))


_WELL_KNOWN: dict[tuple[Any, str], Conversion] = {
    (datetime, "google.protobuf.Timestamp"): Conversion(to_timestamp, from_timestamp),
    (timedelta, "google.protobuf.Duration"): Conversion(to_duration, from_duration),
    (tuple[str, ...], "google.protobuf.FieldMask"): Conversion(
        lambda paths: FieldMask(paths=paths), lambda mask: tuple(mask.paths)
    ),
}


def well_known(hint: Any, message: str) -> Conversion | None:
    """The conversion of one of Google's own messages, where the type fits it."""
    return _WELL_KNOWN.get((hint, message))


def scalar(hint: Any, proto: FieldDescriptor, where: str) -> Conversion:
    """The conversion of a scalar: none, once the types are known to fit."""
    hint = getattr(hint, "__supertype__", hint)
    fitting = _PYTHON_TYPES[proto.cpp_type]
    if proto.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        fitting = (bytes,) if proto.type == FieldDescriptor.TYPE_BYTES else (str,)
    if hint not in fitting:
        raise CodecError(f"{where}: {hint!r} does not fit {proto.full_name} ({fitting[0].__name__})")
    return Conversion(None, None)


def enum_prefix(name: str) -> str:
    """The prefix of an enum's values: `AgentKind` → `AGENT_KIND_`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return words.upper() + "_"


def convert_enum(hint: Any, proto: EnumDescriptor, where: str) -> Conversion:
    """The conversion of an enum by its members' names.

    Raises CodecError unless both sides have the same names; UNSPECIFIED may be missing in Python.
    """
    if not (isinstance(hint, type) and issubclass(hint, Enum)):
        raise CodecError(f"{where}: {hint!r} is not an enum, {proto.full_name} is")
    prefix = enum_prefix(proto.name)
    numbers = {value.name.removeprefix(prefix): value.number for value in proto.values}
    members = {member.name: member for member in hint}
    if missing := members.keys() - numbers.keys():
        raise CodecError(f"{where}: {proto.full_name} lacks {', '.join(sorted(missing))}")
    if missing := numbers.keys() - members.keys() - {"UNSPECIFIED"}:
        raise CodecError(f"{where}: {hint.__name__} lacks {', '.join(sorted(missing))}")
    encode = {member: numbers[name] for name, member in members.items()}
    decode = _Members(proto.full_name, {numbers[name]: member for name, member in members.items()})
    return Conversion(encode.__getitem__, decode.__getitem__)


class _Members(dict[int, Enum]):
    """Members by number; ValueError for a number that has none."""

    def __init__(self, enum: str, members: dict[int, Enum]) -> None:
        super().__init__(members)
        self._enum = enum

    def __missing__(self, number: int) -> Enum:
        raise ValueError(f"{self._enum} has no value {number}")
