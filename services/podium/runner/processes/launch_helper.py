"""Runs as its own small process (`python -I -S launch_helper.py …`), then becomes the command.

It waits for one byte on its `go` descriptor, so that the runner can journal the process before it begins; where the
runner dies first, the descriptor closes and nothing is ever run. With a terminal it makes it the controlling one:
that takes an ioctl between setsid and exec, and the runner itself must not fork. Why a start failed is written to
the `status` descriptor, which closes by itself when the command starts.

Arguments: go descriptor, status descriptor, `tty` or `pipe`, command and its arguments.
"""

import _signal  # type: ignore[import-not-found]  # `signal` loads enumerations: half of the start
import fcntl
import os
import sys
import termios


def heed_all_signals() -> None:
    """As at a login: a program inherits which signals are ignored, and a shell cannot change it.

    Python ignores some, and so may whoever started Podium: `nohup` SIGHUP, a script's background (`podium up &`)
    SIGINT. Then a session would not end with its terminal, and Ctrl-C in it would do nothing.
    """
    for number in _signal.valid_signals() - {_signal.SIGKILL, _signal.SIGSTOP}:
        _signal.signal(number, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())


def main() -> None:
    go, status, terminal = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "tty"
    command = sys.argv[4:]
    os.set_inheritable(status, False)
    if os.read(go, 1) != b"g":
        os._exit(125)
    os.close(go)
    heed_all_signals()
    try:
        if terminal:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        os.execvp(command[0], command)  # noqa: S606 - this is what we are for
    except OSError as error:
        os.write(status, f"{command[0]}: {error.strerror}".encode())
        os._exit(127)


main()
