"""Every documented reason has its exception."""

import importlib.util
from pathlib import Path

import pytest

from podium.client import errors, reasons
from podium.client.errors import NotFoundError, PodiumError, make_error
from podium.common.v1.error_reason_pb2 import ErrorReason

ROOT = Path(__file__).parents[2]
REASONS = [name.removeprefix("ERROR_REASON_") for name, number in ErrorReason.items() if number]


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_its_class(reason: str):
    """A class of its own, documented, below a family, and raised with the fields of PodiumError."""
    kind = reasons.CLASSES[reason]
    assert issubclass(kind, PodiumError) and kind is not PodiumError and kind.__doc__
    code = next(code for code, family in errors._CLASSES.items() if issubclass(kind, family))
    error = make_error(code, reason, "no", metadata={"task_id": "x"})
    assert type(error) is kind and (error.code, error.reason, error.metadata) == (code, reason, {"task_id": "x"})


def test_classes_are_apart():
    """No two reasons share a class."""
    assert len(set(reasons.CLASSES.values())) == len(REASONS)


def test_what_is_not_known_comes_as_its_family():
    """A reason of a newer server, or one under another code, is an error of the code's family."""
    assert type(make_error("NOT_FOUND", "SOMETHING_NEW", "no")) is NotFoundError
    assert type(make_error("NOT_FOUND", "POD_ACTIVE", "no")) is NotFoundError


def test_the_classes_are_those_of_the_protos():
    """What is committed, the page in docs too, is what `make reasons` makes."""
    spec = importlib.util.spec_from_file_location("error_classes", ROOT / "protos/tools/error_classes.py")
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = tool
    spec.loader.exec_module(tool)
    for path, source in tool.sources().items():
        assert path.read_text() == source, f"{path.name} is out of date: run `make reasons`"
