"""Messages on their way through: answers stay the bytes that the service sent, unless the client wants JSON."""

from dataclasses import dataclass

from google.protobuf.json_format import MessageToJson, Parse, ParseError
from google.protobuf.message import DecodeError, Message

from podium.gateway.rpc.failures import to_connect
from podium.kernel.errors import Kind, Rejection


@dataclass(frozen=True, slots=True)
class Encoded:
    """An encoded message and its class."""

    data: bytes
    kind: type[Message]


class BinaryCodec:
    """Protocol Buffers' own format."""

    def name(self) -> str:
        """As content types have it."""
        return "proto"

    def encode(self, message: Encoded) -> bytes:
        """An answer, as it came."""
        return message.data

    def decode(self, data: bytes | bytearray, message_class: type[Message]) -> Message:
        """A request. Raises ConnectError INVALID_ARGUMENT."""
        try:
            return message_class.FromString(bytes(data))
        except DecodeError:
            raise to_connect(wrong(f"the body is no {message_class.DESCRIPTOR.full_name}")) from None


class JsonCodec:
    """Protocol Buffers' JSON; unknown fields are refused, so that a typing error is no silence."""

    def name(self) -> str:
        """As content types have it."""
        return "json"

    def encode(self, message: Encoded) -> bytes:
        """An answer on one line."""
        return MessageToJson(message.kind.FromString(message.data), indent=None, ensure_ascii=False).encode()

    def decode(self, data: bytes | bytearray, message_class: type[Message]) -> Message:
        """A request. Raises ConnectError INVALID_ARGUMENT."""
        try:
            return self.parse(data, message_class)
        except Rejection as rejection:
            raise to_connect(rejection) from None

    def parse(self, data: bytes | bytearray, message_class: type[Message]) -> Message:
        """A request. Raises Rejection INVALID_FIELD."""
        try:
            return Parse(bytes(data), message_class())
        except (ParseError, UnicodeDecodeError, RecursionError) as error:
            raise wrong(f"the body is not what the RPC takes: {error}") from None


def wrong(text: str) -> Rejection:
    """A body that is not what the RPC takes."""
    return Rejection(Kind.INVALID_ARGUMENT, "INVALID_FIELD", text)
