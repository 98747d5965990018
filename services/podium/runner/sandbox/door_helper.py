"""Runs inside a sandbox as `python -I -S door_helper.py SOCKET PORT,PORT… COMMAND…`, then becomes the command.

It listens at each port of the sandbox's own loopback and hands the listening sockets to the runner, which accepts at
them from outside and connects to the same ports of the machine. So single ports are let through, and no process of
ours stays inside.
"""

import os
import signal
import socket
import sys


def main() -> None:
    path, ports, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    listeners = [socket.create_server(("127.0.0.1", int(port)), backlog=64) for port in ports.split(",")]
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as runner:
        runner.connect(path)
        socket.send_fds(runner, [b"d"], [listener.fileno() for listener in listeners])
        if runner.recv(1) != b"k":
            sys.exit("the runner does not open the sandbox's doors")
    for listener in listeners:
        listener.close()
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python; the command must not inherit that
        signal.signal(ignored, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606 - this is what we are for
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


main()
