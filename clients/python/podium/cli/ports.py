"""The port of the web interface, as `podium doctor` sees it: set, taken, or given way."""

import errno
import socket
import tomllib
from pathlib import Path

HOST, PORT, TRIED = "127.0.0.1", 3000, 50
"""The gateway's defaults, and how many ports it tries."""


def wanted(config_file: Path) -> tuple[str, int]:
    """(host, port) as set; a file that cannot be read means the defaults here (the gateway itself refuses it)."""
    try:
        section = tomllib.loads(config_file.read_text(encoding="utf-8")).get("gateway", {})
        return str(section.get("host", HOST)), int(section.get("port", PORT))
    except (OSError, ValueError, TypeError, AttributeError):
        return HOST, PORT


def free(host: str, first: int) -> int | None:
    """The port that the gateway would take: this one or one of the next; None: none of them. 0 asks for any."""
    for candidate in range(first, min(first + TRIED, 65536)) if first else [0]:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
                probe.listen(1)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    continue
                return None
            return candidate
    return None
