"""Unix sockets: one living process each, private to their owner, no leftovers in the way."""

import fcntl
import os
import stat
from pathlib import Path
from types import TracebackType

SCHEME = "unix:"
BACKLOG = 512
"""Connections to an HTTP port that may wait to be accepted."""


class AddressInUseError(RuntimeError):
    """Another process serves there, or the place is not ours; the text says what to do."""


class SocketClaim:
    """The right to serve on a socket's path, while this process lives.

    gRPC unlinks whatever lies at the path before it binds, so that a second process would silently take the place of
    a first; therefore a lock beside the socket (`<socket>.lock`), which the kernel gives back however a process ends.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def acquire(self) -> None:
        """Claim the path and remove what a dead process left. Raises AddressInUseError, OSError."""
        _private_directory(self.path.parent)
        lock = os.open(f"{self.path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise AddressInUseError(f"{self.path}: another process serves there; stop it first") from None
        self._lock = lock
        try:
            mode = self.path.lstat().st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            self.release()
            raise AddressInUseError(f"{self.path}: is not a socket; move it away")
        self.path.unlink()

    def close_to_others(self) -> None:
        """Once bound: 0600."""
        self.path.chmod(0o600)

    def release(self) -> None:
        """Remove the socket and give the path back."""
        if self._lock is None:
            return
        if self.path.is_socket():
            self.path.unlink()
        os.close(self._lock)
        self._lock = None

    def __enter__(self) -> "SocketClaim":
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def claim_for(address: str) -> SocketClaim | None:
    """The claim that an address needs; None where it is no Unix socket."""
    return SocketClaim(Path(address.removeprefix(SCHEME))) if address.startswith(SCHEME) else None


def _private_directory(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.stat()
    if found.st_uid != os.getuid():
        raise AddressInUseError(f"{directory}: belongs to another user; no socket is safe in it")
    if found.st_mode & 0o022:
        raise AddressInUseError(f"{directory}: others may write there; chmod 700 it")
