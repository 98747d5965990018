"""Events and states of one kind of entity as bytes: the structural codec behind the engine's port."""

from collections.abc import Callable, Iterable
from typing import Any

from google.protobuf.message import DecodeError, Message

from podium.chassis.codec import CodecError, StructuralCodec

Parse = Callable[[bytes], Message]


class ProtoEntityCodec:
    """Implements `engine.ports.EntityCodec`.

    `event_types` are the dataclasses of all events that are written or read, outbound ones too. An event's type in
    the store is its message's full name. Equal values give equal bytes.
    """

    def __init__(self, codec: StructuralCodec, state_type: type, event_types: Iterable[type]) -> None:
        self._codec = codec
        self._state = _message_of(codec, state_type)
        self._readers: dict[str, tuple[Parse, Callable[[Message], Any]]] = {}
        self._names: dict[type, str] = {}
        for event_type in event_types:
            message = _message_of(codec, event_type)
            name = message.DESCRIPTOR.full_name
            self._readers[name] = message.FromString, codec.reader(message)
            self._names[event_type] = name

    @property
    def event_names(self) -> frozenset[str]:
        """The full names of all events."""
        return frozenset(self._readers)

    def encode_event(self, event: object) -> tuple[str, bytes]:
        """(type, data). Raises LookupError for an event of another type."""
        try:
            name = self._names[type(event)]
        except KeyError:
            raise LookupError(f"{type(event).__name__} is not among the entity's events") from None
        return name, self._codec.to_proto(event).SerializeToString(deterministic=True)

    def decode_event(self, type_name: str, data: bytes) -> object:
        """The event. Raises LookupError for a type it does not know, ValueError for damaged data."""
        try:
            parse, decode = self._readers[type_name]
        except KeyError:
            raise LookupError(f"unknown event type {type_name}") from None
        return decode(_parsed(parse, data))

    def encode_state(self, state: Any) -> bytes:
        """The state for a snapshot."""
        return self._codec.to_proto(state).SerializeToString(deterministic=True)

    def decode_state(self, data: bytes) -> Any:
        """The state from a snapshot. Raises ValueError for damaged data."""
        return self._codec.from_proto(_parsed(self._state.FromString, data))


def _parsed(parse: Parse, data: bytes) -> Message:
    """Damaged data is what every reader of the log knows how to wait out."""
    try:
        return parse(data)
    except DecodeError as error:
        raise ValueError(str(error)) from error


def _message_of(codec: StructuralCodec, value_type: type) -> type[Message]:
    try:
        return codec.pairs[value_type]
    except KeyError:
        raise CodecError(f"{value_type.__name__} has no message in the codec") from None
