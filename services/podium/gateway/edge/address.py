"""Where browsers reach the gateway: a port that is free, told to whoever wants to open it."""

import errno
import json
import os
import socket
import tempfile
from pathlib import Path

from podium.chassis.sockets import AddressInUseError

BACKLOG = 512
_PORTS_TRIED = 50


def bind(host: str, port: int) -> socket.socket:
    """A listening socket at the port, or at the next free one; 0: any. Raises AddressInUseError, OSError."""
    family, kind, protocol, _, _ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    last = port + (_PORTS_TRIED if port else 1)
    for candidate in range(port, min(last, 65536)):
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, candidate))
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            listener.setblocking(False)
            return listener
    raise AddressInUseError(f"{host}: no port is free from {port} to {last - 1}; set [gateway] port in podium.toml")


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
