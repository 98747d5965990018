"""Messages as JSON values: numbers stay numbers, times are ISO 8601 in UTC, durations seconds, enums short words."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google._upb._message import FieldDescriptor as NativeDescriptor
    from google.protobuf.descriptor import FieldDescriptor as PlainDescriptor
    from google.protobuf.message import Message

    FieldDescriptor = PlainDescriptor | NativeDescriptor


def plain(message: "Message") -> dict[str, Any]:
    """A message as a dict in the order of its fields; every plain field is there, absent messages are None."""
    result: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof is not None and not message.HasField(field.name):
            continue
        value = getattr(message, field.name)
        if field.is_repeated:
            result[field.name] = _repeated(field, value)
        elif field.message_type is not None and not message.HasField(field.name):
            result[field.name] = None
        else:
            result[field.name] = _value(field, value)
    return result


def _repeated(field: "FieldDescriptor", value: Any) -> Any:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        entry = field.message_type.fields_by_name["value"]
        return {str(key): _value(entry, value[key]) for key in sorted(value)}
    return [_value(field, item) for item in value]


def _value(field: "FieldDescriptor", value: Any) -> Any:
    if field.enum_type is not None:
        return enum_word(field, value)
    if field.message_type is None:
        return value.hex() if isinstance(value, bytes) else value
    name = field.message_type.full_name
    if name == "google.protobuf.Timestamp":
        return value.ToJsonString()
    if name == "google.protobuf.Duration":
        return value.seconds + value.nanos / 1e9
    if name == "google.protobuf.Any":
        return {"type": value.type_url.rpartition("/")[2], "size": len(value.value)}
    return plain(value)


def enum_word(field: "FieldDescriptor", number: int) -> str:
    """`WORKSTREAM_STATUS_IN_PROGRESS` → `IN_PROGRESS`; a number that this program does not know stays a number."""
    enum = field.enum_type
    assert enum is not None
    known = enum.values_by_number.get(number)
    if known is None:
        return str(number)
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return known.name.removeprefix(prefix)


def word(message: "Message", field: str) -> str:
    """The short word of an enum field: `word(pod, "phase")` → `PLANNING`."""
    return enum_word(message.DESCRIPTOR.fields_by_name[field], getattr(message, field))
