"""Where browsers reach the gateway: a port that is free, told to whoever wants to open it."""

import errno
import json
import os
import socket
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from podium.chassis.sockets import BACKLOG, AddressInUseError

_PORTS_TRIED = 50


def bind(host: str, port: int, last_time: int = 0) -> socket.socket:
    """A listening socket at the port, or at the next free one; 0: any. Raises AddressInUseError, OSError.

    `last_time` is tried first where it is one of these: the tabs of a gateway that was killed find the new one.
    """
    candidates = list(range(port, min(port + _PORTS_TRIED, 65536))) if port else [0]
    if last_time in candidates:
        candidates.insert(0, last_time)
    for candidate in candidates:
        try:
            return _listen(host, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise AddressInUseError(f"{host}: no port is free from {port} to {candidates[-1]}; set [gateway] port")


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def last_port(path: Path) -> int:
    """The port that a gateway announced and, being killed, did not take back; 0: none."""
    try:
        return urlsplit(json.loads(path.read_text(encoding="utf-8"))["url"]).port or 0
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return 0


def url_of(listener: socket.socket, host: str) -> str:
    """Where people reach it."""
    name = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - everywhere, so here too
    return (
        f"http://[{name}]:{listener.getsockname()[1]}" if ":" in name else f"http://{name}:{listener.getsockname()[1]}"
    )


def announce(path: Path, url: str, *, has_ui: bool) -> None:
    """Write where the gateway serves; readers see all of it or nothing."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"url": url, "ui": has_ui, "pid": os.getpid()}, file)
    Path(temporary).replace(path)


def forget(path: Path) -> None:
    """Take back what `announce` wrote, unless another process has written since."""
    try:
        if json.loads(path.read_text(encoding="utf-8")).get("pid") == os.getpid():
            path.unlink()
    except (FileNotFoundError, ValueError):
        return
