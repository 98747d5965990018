"""The structural codec, on real messages of Podium and on shapes that must be refused."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from types import ModuleType

import grpc_tools
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, duration_pb2, field_mask_pb2, timestamp_pb2  # noqa: F401 - the pool must know it
from google.protobuf.message_factory import GetMessageClass
from grpc_tools import protoc
from hypothesis import given
from hypothesis import strategies as st

from podium.chassis.codec import CodecError, StructuralCodec, pair_by_name, pair_commands
from podium.chassis.codec_values import enum_prefix, from_duration, from_timestamp, to_duration, to_timestamp
from podium.kernel.errors import Rejection
from podium.kernel.persistent import Map
from podium.pods.v1 import pod_pb2, pod_service_pb2
from tests.support.codec_roundtrip import check_roundtrip

FAKES = Path(__file__).parents[1] / "fakes"
GOOGLE = Path(grpc_tools.__file__).parent / "_proto"


def _sample() -> ModuleType:
    """The messages of tests/fakes/sample.proto, compiled at run time so that no stub is shipped for tests."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sample.binpb"
        words = ["protoc", f"-I{FAKES}", f"-I{GOOGLE}", f"--descriptor_set_out={out}", "sample.proto"]
        assert protoc.main(words) == 0
        described = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    pool = descriptor_pool.Default()
    (file,) = described.file
    pool.AddSerializedFile(file.SerializeToString())
    found = pool.FindFileByName(file.name)
    module = ModuleType("sample_pb2")
    module.DESCRIPTOR = found  # type: ignore[attr-defined]
    for name, message in found.message_types_by_name.items():
        setattr(module, name, GetMessageClass(message))
    return module


class Colour(Enum):
    RED = "r"
    DARK_BLUE = "b"


@dataclass(frozen=True, slots=True)
class Part:
    id: str
    size: int = 0
    parts: tuple["Part", ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    text: str
    count: int
    weight: float
    open: bool
    data: bytes
    made: datetime
    sold: datetime | None
    lasts: timedelta | None
    mask: tuple[str, ...]
    part: Part
    spare: Part | None
    colour: Colour
    lid: Colour | None
    colours: frozenset[Colour] | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    text: str
    count: int
    weight: float
    open: bool
    data: bytes
    made: datetime
    sold: datetime | None
    lasts: timedelta | None
    mask: tuple[str, ...]
    part: Part
    spare: Part | None
    lid: Colour | None
    words: tuple[str, ...]
    tags: frozenset[str]
    times: tuple[datetime, ...]
    parts: tuple[Part, ...]
    by_id: Map[str, Part]
    labels: Mapping[str, str]
    stock: Map[str, Part]
    by_road: str | None
    by_sea: Part | None
    limit: int | None
    colours: tuple[Colour, ...] = ()
    colour: Colour = Colour.RED


SAMPLE = _sample()


def test_every_shape_survives_both_ways() -> None:
    """Values of every supported shape survive encode, bytes, decode and encode again; `unmapped` tells the rest."""
    codec = StructuralCodec({Whole: SAMPLE.Box, Part: SAMPLE.Part})
    check_roundtrip(codec, examples=80, unmapped={Whole: {"only_on_the_wire"}})


def test_unset_fields_read_as_their_defaults() -> None:
    """An empty message reads as None, empty, zero, or the dataclass' default."""
    value = StructuralCodec({Whole: SAMPLE.Box}).from_proto(SAMPLE.Box())
    assert value.made == datetime(1970, 1, 1, tzinfo=UTC)
    assert (value.sold, value.lasts, value.spare, value.lid, value.by_road, value.limit) == (None,) * 6
    assert (value.mask, value.words, value.tags, value.by_id, value.labels) == ((), (), frozenset(), Map(), {})
    assert value.part == Part("") and value.colour is Colour.RED


def test_keyed_maps_are_written_in_order() -> None:
    """A Map becomes a repeated field sorted by key, so equal states give equal bytes."""
    codec = StructuralCodec({Whole: SAMPLE.Box})
    empty = codec.from_proto(SAMPLE.Box())
    values = {field.name: getattr(empty, field.name) for field in Whole.__dataclass_fields__.values()}
    value = Whole(**{**values, "by_id": Map({"b": Part("b"), "a": Part("a")})})
    assert [item.id for item in codec.to_proto(value).by_id] == ["a", "b"]  # type: ignore[attr-defined]


def test_an_enum_that_must_be_set_is_refused_when_it_is_not() -> None:
    """UNSPECIFIED for a field without None or default is INVALID_FIELD, naming the field."""

    @dataclass(frozen=True)
    class Strict:
        colour: Colour

    with pytest.raises(Rejection) as refused:
        StructuralCodec({Strict: SAMPLE.Box}).from_proto(SAMPLE.Box())
    assert (refused.value.reason, refused.value.violations[0].field) == ("INVALID_FIELD", "colour")


@dataclass(frozen=True)
class UnknownField:
    nowhere: str


@dataclass(frozen=True)
class WrongScalar:
    count: str


@dataclass(frozen=True)
class NoneForPlain:
    text: str | None


@dataclass(frozen=True)
class OneofWithoutNone:
    by_road: str


@dataclass(frozen=True)
class ListForRepeated:
    words: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class NoEnum:
    colour: str


@dataclass(frozen=True)
class ScalarForMessage:
    part: str


class Fewer(Enum):
    RED = 1


class More(Enum):
    RED = 1
    DARK_BLUE = 2
    GREEN = 3


@dataclass(frozen=True)
class EnumWithFewer:
    colour: Fewer


@dataclass(frozen=True)
class EnumWithMore:
    colour: More


@dataclass(frozen=True)
class NoId:
    size: int


@dataclass(frozen=True)
class KeyedWithoutKey:
    by_id: Map[str, NoId]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (UnknownField, "UnknownField.nowhere has no field"),
        (WrongScalar, "WrongScalar.count"),
        (NoneForPlain, "not optional"),
        (OneofWithoutNone, "oneof"),
        (ListForRepeated, "does not fit the repeated"),
        (NoEnum, "is not an enum"),
        (ScalarForMessage, "does not fit podium.test.v1.Part"),
        (EnumWithFewer, "lacks DARK_BLUE"),
        (EnumWithMore, "lacks GREEN"),
        (KeyedWithoutKey, "no field 'id'"),
        (Box, "cannot tell None from empty"),
    ],
)
def test_what_does_not_fit_is_refused_when_the_codec_is_made(kind: type, words: str) -> None:
    """A pair that could lose something never gets as far as a running service."""
    with pytest.raises(CodecError, match=words):
        StructuralCodec({kind: SAMPLE.Box})


def test_maps_may_be_keyed_by_another_field() -> None:
    """`keys` names the key where it is not `id`; a type without that field is refused."""

    @dataclass(frozen=True)
    class Shelf:
        by_id: Map[str, NoId]

    with pytest.raises(CodecError, match="no field 'name'"):
        StructuralCodec({Shelf: SAMPLE.Box}, keys={NoId: "name"})


def test_unpaired_types_are_lookup_errors() -> None:
    """Neither way guesses: a type without a pair is a LookupError; one message cannot be two types."""
    codec = StructuralCodec({Part: SAMPLE.Part})
    with pytest.raises(LookupError, match="NoId"):
        codec.to_proto(NoId(1))
    with pytest.raises(LookupError, match=r"podium\.test\.v1\.Box"):
        codec.from_proto(SAMPLE.Box())
    with pytest.raises(CodecError, match="paired twice"):
        StructuralCodec({Part: SAMPLE.Part, NoId: SAMPLE.Part})


def test_pairs_are_found_by_name() -> None:
    """Dataclasses pair with messages of their name (or their alias), commands with the request of theirs."""
    domain = ModuleType("domain")
    for name in ("Budget", "ApproveSpec", "Nothing", "Money"):
        kind = dataclass(type(name, (), {"__module__": "domain"}))
        setattr(domain, name, kind)
    domain.Foreign = Part  # type: ignore[attr-defined]
    found = pair_by_name([domain], [pod_pb2], {"Money": "Usage"})
    assert {kind.__name__: message for kind, message in found.items()} == {
        "Budget": pod_pb2.Budget,
        "Money": pod_pb2.Usage,
    }
    commands = pair_commands([domain], [pod_service_pb2])
    assert {kind.__name__: message for kind, message in commands.items()} == {
        "ApproveSpec": pod_service_pb2.ApproveSpecRequest
    }


def test_one_name_in_two_proto_modules_is_refused() -> None:
    """Two messages of the wanted name: the codec does not choose."""
    domain = ModuleType("domain")
    domain.Budget = dataclass(type("Budget", (), {"__module__": "domain"}))  # type: ignore[attr-defined]
    with pytest.raises(CodecError, match="more than one"):
        pair_by_name([domain], [pod_pb2, pod_pb2])


@pytest.mark.parametrize(
    ("name", "prefix"),
    [("AgentKind", "AGENT_KIND_"), ("Phase", "PHASE_"), ("HTTPState", "HTTP_STATE_")],
)
def test_enum_prefixes(name: str, prefix: str) -> None:
    """The prefix of an enum's values is its name in screaming snake case."""
    assert enum_prefix(name) == prefix


@given(st.datetimes(timezones=st.just(UTC)), st.timedeltas(timedelta(days=-3_650_000), timedelta(days=3_650_000)))
def test_times_agree_with_protobufs_own(when: datetime, span: timedelta) -> None:
    """Timestamps and Durations are those that protobuf's own conversions make."""
    stamp = timestamp_pb2.Timestamp()
    stamp.FromDatetime(when)
    assert to_timestamp(when) == stamp and from_timestamp(stamp) == when
    duration = duration_pb2.Duration()
    duration.FromTimedelta(span)
    assert to_duration(span) == duration and from_duration(duration) == span
