"""The answers to appends, put together by hand."""

from podium.chassis.interceptors.errors import status_of_rejection
from podium.event_store.adapters.answers import encode_answers, encode_appended
from podium.event_store.domain.model import Appended, Outcome, Range
from podium.events.v1.event_service_pb2 import AppendResponse, AppendStreamResponse, NumberedResult, StreamRange
from podium.kernel.errors import invalid


def test_answers_are_what_protobuf_would_write() -> None:
    """Short and long numbers and names, several streams, repeats, refusals; in the order given."""
    refusal = invalid("appends", "at least one event")
    outcomes: list[Outcome] = [
        Appended(1, 1, [Range("a/1", 1, 1)]),
        Appended(127, 130, [Range("ü" * 100, 16_383, 16_386), Range("b", 1, 1)], duplicate=True),
        refusal,
        Appended(1 << 40, (1 << 40) + 9999, [Range("x" * 255, 1 << 33, (1 << 33) + 9999)]),
    ]
    numbers = [1, 300, 5, 1 << 50]
    meant = AppendStreamResponse()
    for number, outcome in zip(numbers, outcomes, strict=True):
        if isinstance(outcome, Appended):
            meant.results.append(NumberedResult(number=number, response=as_message(outcome)))
            assert encode_appended(outcome) == as_message(outcome).SerializeToString()
        else:
            status = status_of_rejection(outcome).SerializeToString()
            meant.results.append(NumberedResult(number=number, status=status))
    assert encode_answers(zip(numbers, outcomes, strict=True)) == meant.SerializeToString()


def as_message(outcome: Appended) -> AppendResponse:
    """The same by protobuf."""
    return AppendResponse(
        first_position=outcome.first_position,
        last_position=outcome.last_position,
        streams=[
            StreamRange(stream=where.stream, first_revision=where.first_revision, last_revision=where.last_revision)
            for where in outcome.ranges
        ],
        duplicate=outcome.duplicate,
    )
