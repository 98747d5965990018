"""The prelude of every service: die with the supervisor, then become the service.

`python -m podium.supervisor.launch SUPERVISOR_PID MODULE`. On Linux the kernel sends SIGKILL when the supervisor is
gone, however it went; elsewhere the next supervisor ends what is left.
"""

import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with(parent: int, by: signal.Signals = signal.SIGKILL) -> None:
    """Asks the kernel to end this process together with its parent; leaves at once where the parent is gone."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:  # it died between our start and the request above
        sys.exit(1)


def main() -> None:
    """Runs the module as `__main__`."""
    parent, module = int(sys.argv[1]), sys.argv[2]
    die_with(parent)
    sys.argv[1:] = sys.argv[3:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
