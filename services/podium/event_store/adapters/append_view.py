"""Requests of Append and AppendStream read another way: their events stay bytes.

A message on the wire does not say whether field 3 of a `StreamAppend` is a message or bytes: declared as bytes, an
event is taken from the request as it is, where it would else be unpacked into an object of its own and packed again.
Nothing of an event was looked at then: that is `incoming`'s.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from buf.validate import validate_pb2

_PACKAGE = "podium.event_store.view"
_Field = descriptor_pb2.FieldDescriptorProto


def _describe() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="podium/event_store/view.proto", package=_PACKAGE, syntax="proto3")

    def add(message: str, *fields: tuple[str, "_Field.Type.ValueType", bool, str]) -> None:
        described = file.message_type.add(name=message)
        for number, (name, kind, repeated, type_name) in enumerate(fields, 1):
            label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
            described.field.add(name=name, number=number, type=kind, label=label, type_name=type_name or None)

    add(
        "StreamAppend",
        ("stream", _Field.TYPE_STRING, False, ""),
        ("expected_revision", _Field.TYPE_INT64, False, ""),
        ("events", _Field.TYPE_BYTES, True, ""),
    )
    optional = file.message_type[0]
    optional.field[1].proto3_optional, optional.field[1].oneof_index = True, 0
    optional.oneof_decl.add(name="_expected_revision")
    add(
        "Fence",
        ("service", _Field.TYPE_STRING, False, ""),
        ("shard", _Field.TYPE_INT32, False, ""),
        ("epoch", _Field.TYPE_INT64, False, ""),
    )
    add(
        "AppendRequest",
        ("appends", _Field.TYPE_MESSAGE, True, f".{_PACKAGE}.StreamAppend"),
        ("fence", _Field.TYPE_MESSAGE, False, f".{_PACKAGE}.Fence"),
    )
    add(
        "NumberedAppend",
        ("number", _Field.TYPE_INT64, False, ""),
        ("append", _Field.TYPE_MESSAGE, False, f".{_PACKAGE}.AppendRequest"),
    )
    add("AppendStreamRequest", ("appends", _Field.TYPE_MESSAGE, True, f".{_PACKAGE}.NumberedAppend"))
    # No rules are in here, and looking for them in every append costs as much as half of its checks.
    file.dependency.append(validate_pb2.DESCRIPTOR.name)
    for number in (2, -1):
        file.message_type[number].field[0].options.Extensions[validate_pb2.field].ignore = validate_pb2.IGNORE_ALWAYS
    return file


_pool = descriptor_pool.Default()
_pool.AddSerializedFile(_describe().SerializeToString())


def _view(name: str) -> Any:
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


AppendStreamRequest = _view("AppendStreamRequest")
"""What the wire has for an `AppendStreamRequest` is read as this."""
AppendRequest = _view("AppendRequest")
"""The same of an `AppendRequest`."""
