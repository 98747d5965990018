"""Every kind of error as a documented status."""

import pytest
from google.rpc import error_details_pb2 as details
from google.rpc.status_pb2 import Status

from podium.chassis.engine import ports
from podium.chassis.interceptors.errors import code_of, to_status
from podium.client.errors import PodiumError, from_status, make_error
from podium.common.v1 import error_reason_pb2
from podium.kernel import errors
from podium.kernel.errors import Kind, Rejection, Violation

REASONS = {name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name}


def _parts(status: Status) -> dict[str, object]:
    kinds = (
        details.ErrorInfo,
        details.BadRequest,
        details.PreconditionFailure,
        details.ResourceInfo,
        details.RetryInfo,
    )
    found: dict[str, object] = {}
    for packed in status.details:
        for kind in kinds:
            message = kind()
            if packed.Unpack(message):
                found[kind.__name__] = message
    return found


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_its_code_and_one_error_info(kind: Kind) -> None:
    """The code has the kind's name; ErrorInfo carries reason, domain and metadata."""
    status = to_status(Rejection(kind, "NOT_OWNER", "words", {"owner_address": "unix:/x"}), "/a/B")
    assert code_of(status).name == kind.name
    info = _parts(status)["ErrorInfo"]
    assert info == details.ErrorInfo(reason="NOT_OWNER", domain="podium", metadata={"owner_address": "unix:/x"})
    assert len([item for item in status.details if item.Is(details.ErrorInfo.DESCRIPTOR)]) == 1


def test_each_code_adds_what_its_row_says() -> None:
    """BadRequest, ResourceInfo, PreconditionFailure and RetryInfo stand where the table wants them."""
    bad = _parts(to_status(errors.invalid("items[2].id", "must be set"), ""))["BadRequest"]
    assert bad == details.BadRequest(
        field_violations=[details.BadRequest.FieldViolation(field="items[2].id", description="must be set")]
    )
    for rejection in (
        errors.not_found("POD_NOT_FOUND", "no", pod_id="pod_1"),
        errors.already_exists("POD_ALREADY_EXISTS", "no", pod_id="pod_1"),
    ):
        resource = _parts(to_status(rejection, ""))["ResourceInfo"]
        assert resource == details.ResourceInfo(resource_type="pod", resource_name="pod_1", description="no")
    failure = _parts(to_status(errors.precondition("GUARD_NOT_MET", "no", guard="g"), ""))["PreconditionFailure"]
    assert failure == details.PreconditionFailure(
        violations=[details.PreconditionFailure.Violation(type="GUARD_NOT_MET", subject="guard=g", description="no")]
    )
    for rejection, seconds in (
        (errors.unavailable("NOT_READY", "no", 1.5), 1.5),
        (errors.exhausted("MAILBOX_FULL", "no", 0.25), 0.25),
        (Rejection(Kind.UNAVAILABLE, "NOT_READY", "no"), 0.2),
    ):
        assert from_status(to_status(rejection, "")).retry_after_seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (ports.AppendUnknown(), "UNAVAILABLE", "OUTCOME_UNKNOWN"),
        (ports.AppendConflict(), "UNAVAILABLE", "OUTCOME_UNKNOWN"),
        (ports.AppendFenced(), "UNAVAILABLE", "OUTCOME_UNKNOWN"),
        (ports.AppendRefused("STORAGE_FULL", "no room"), "UNAVAILABLE", "STORAGE_FULL"),
        (ports.LogUnavailable(), "UNAVAILABLE", "STORAGE_UNAVAILABLE"),
        (TimeoutError(), "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
        (TimeoutError(), "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
        (KeyError("x"), "INTERNAL", "INTERNAL"),
    ],
)
def test_other_exceptions_are_documented_too(error: Exception, code: str, reason: str) -> None:
    """The engine's errors and time-outs have reasons of the list; everything else is INTERNAL."""
    told = from_status(to_status(error, "/a/B"))
    assert (told.code, told.reason) == (code, reason)
    assert told.reason in REASONS


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (make_error("NOT_FOUND", "POD_NOT_FOUND", "no", metadata={"pod_id": "x"}), "NOT_FOUND", "POD_NOT_FOUND"),
        (make_error("UNAVAILABLE", "", "socket closed"), "UNAVAILABLE", "NOT_READY"),
        (make_error("UNAVAILABLE", "NOT_OWNER", "no", metadata={"owner_address": "x"}), "UNAVAILABLE", "NOT_READY"),
        (make_error("DEADLINE_EXCEEDED", "", "late"), "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
        (make_error("CANCELLED", "", "gone"), "UNAVAILABLE", "NOT_READY"),
        (make_error("UNKNOWN", "", "torn"), "UNAVAILABLE", "NOT_READY"),
    ],
)
def test_a_peers_answer_is_passed_on(error: PodiumError, code: str, reason: str) -> None:
    """What a service behind answers reaches the caller, but for what concerns only the two of them."""
    told = from_status(to_status(error, "/a/B"))
    assert (told.code, told.reason) == (code, reason)
    assert "owner_address" not in told.metadata


def test_long_texts_are_cut() -> None:
    """Errors travel in headers: a message, a value or a description past 1,000 characters is cut."""
    rejection = Rejection(
        Kind.INVALID_ARGUMENT, "INVALID_FIELD", "x" * 9000, {"k": "y" * 9000}, (Violation("f", "z" * 9000),)
    )
    assert to_status(rejection, "").ByteSize() < 4096


def test_an_error_survives_the_way() -> None:
    """A Rejection turned into a status and read by the client says the same."""
    rejection = Rejection(
        Kind.INVALID_ARGUMENT, "INVALID_FIELD", "words", {"a": "b"}, (Violation("f", "d"),), retry_after_seconds=2.0
    )
    told = from_status(to_status(rejection, ""))
    assert (told.code, told.reason, told.message, told.metadata) == (
        "INVALID_ARGUMENT",
        "INVALID_FIELD",
        "words",
        {"a": "b"},
    )
    assert [(item.field, item.description) for item in told.violations] == [("f", "d")]
    assert told.retry_after_seconds == 2.0
