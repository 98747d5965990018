"""Python's collector of cycles, made to stay out of the way of a service.

Each of its full passes stops the process for as long as a look at everything takes that is kept: some ten milliseconds
for the modules of a service alone, a hundred with a thousand watchers; and the bursts of small objects that watchers
make had it run one every few seconds. What services keep is kept on purpose and frees itself by its counts; next to
nothing is in a cycle.
"""

import gc
import time
from collections.abc import Callable, Mapping

YOUNG_OBJECTS, MIDDLE_PASSES, FULL_PASSES = 50_000, 20, 50
"""How many new objects make a small pass, how many small ones a larger, how many of these a full one."""
LONG_SECONDS = 0.005
"""A full pass that takes longer leaves out, from then on, all that it found alive."""

_FULL = 2


def collect_less_often() -> None:
    """For a process that is a service; the last call counts."""
    gc.set_threshold(YOUNG_OBJECTS, MIDDLE_PASSES, FULL_PASSES)
    gc.callbacks.append(LeaveOutTheLiving())


def leave_out_the_living() -> None:
    """No pass looks any more at what is there now; call it once a service has been built."""
    gc.freeze()


class LeaveOutTheLiving:
    """A callback of the collector: the next full pass is short again, whatever the heap has grown to.

    What is alive at such a moment and becomes a cycle later is not found any more. That is some connections' worth
    each time, and the next time comes only after as much has been added again as makes a pass long.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._begin = 0.0

    def __call__(self, phase: str, info: Mapping[str, int]) -> None:
        """What `gc.callbacks` are called with."""
        if info["generation"] != _FULL:
            return
        if phase == "start":
            self._begin = self._clock()
        elif self._clock() - self._begin > LONG_SECONDS:
            gc.freeze()
