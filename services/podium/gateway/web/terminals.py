"""A terminal as a target of a watch: attached again after a loss, where it was, without taking anybody's input."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from podium.client.connection import Podium
from podium.tasks.v1.terminal_service_pb2 import AttachRequest, AttachResponse


@dataclass(slots=True)
class TerminalCalls:
    """The attachments of one target, one after the other."""

    attach: Any
    wanted: AttachRequest
    opened: bool = field(default=False)

    def open(self, offset: int | None) -> AsyncIterator[Any]:
        """Attach; after the first time with the token of the time before."""
        request = AttachRequest()
        request.CopyFrom(self.wanted)
        if offset is not None:
            request.after_offset = offset
        # Whoever has taken the input meanwhile keeps it.
        request.take_input = request.take_input and not self.opened
        return aiter(self.attach(request, once=True))

    def reached(self, item: AttachResponse) -> int | None:
        """The output seen with this item; None where it has none."""
        match item.WhichOneof("item"):
            case "opened":
                self.opened = True
                self.wanted.input_token = item.opened.input_token or self.wanted.input_token
                return int(item.opened.offset)
            case "output":
                return int(item.output.offset) + len(item.output.data)
        return None

    def is_over(self, item: AttachResponse) -> bool:
        """Its process has ended; a terminal that is only away may come back."""
        return item.WhichOneof("item") == "exited" and not item.exited.away


def terminal_calls(request: AttachRequest, client: Podium) -> TerminalCalls:
    """The calls of a terminal target."""
    wanted = AttachRequest()
    wanted.CopyFrom(request)
    return TerminalCalls(client.terminals.Attach, wanted)
