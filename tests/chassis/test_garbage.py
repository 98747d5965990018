"""The collector of cycles does not stop a service for long."""

import gc
from collections.abc import Iterator

import pytest

from podium.chassis.garbage import LONG_SECONDS, LeaveOutTheLiving


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Nothing stays left out after a test."""
    yield
    gc.unfreeze()


def passed(seconds: float, generation: int = 2) -> bool:
    """Whether a pass that took so long leaves out what it found alive."""
    gc.unfreeze()
    times = iter((10.0, 10.0 + seconds))
    watching = LeaveOutTheLiving(lambda: next(times))
    for phase in ("start", "stop"):
        watching(phase, {"generation": generation})
    return gc.get_freeze_count() > 0


def test_after_a_long_full_pass_the_living_are_left_out() -> None:
    """A full pass that took long is the last one over these objects; short ones and small ones change nothing."""
    assert passed(LONG_SECONDS * 2)
    assert not passed(LONG_SECONDS / 2)
    assert not passed(LONG_SECONDS * 2, generation=1)


def test_what_is_left_out_frees_itself() -> None:
    """An object that was left out goes with its last reference, as all objects without cycles do."""

    class Kept:
        pass

    gone: list[bool] = []
    kept = Kept()
    kept.__dict__["end"] = type("End", (), {"__del__": lambda self: gone.append(True)})()
    assert passed(LONG_SECONDS * 2)
    del kept
    assert gone == [True]
