"""Where an installation keeps its things: one data directory, one place for each name."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

SERVICES = ("event-store", "pod-manager", "maestro", "runner", "gateway")
"""The services that an installation may run, in the order of their start."""

_SHORT_PLACE = Path("/tmp")  # noqa: S108 - never $TMPDIR, which two shells of one person may have different
"""Where sockets go whose path would be too long, in a directory of the user's own."""

_SOCKET_PATH_BYTES = 100
"""sun_path holds 104 bytes on macOS and 108 on Linux; gRPC wants a few of them."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The layout of a data directory. Making one makes no files; `ensure` does."""

    data_dir: Path

    @classmethod
    def locate(cls, data_dir: str | Path | None = None) -> "Installation":
        """The installation that is meant.

        The argument, else $PODIUM_DATA_DIR, else $XDG_DATA_HOME/podium, else ~/.local/share/podium.
        """
        if data_dir:
            return cls(Path(data_dir).expanduser().absolute())
        if configured := os.environ.get("PODIUM_DATA_DIR"):
            return cls(Path(configured).expanduser().absolute())
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
        return cls((Path(base) / "podium").expanduser().absolute())

    def ensure(self) -> None:
        """Make the directories, closed to everybody else (0700)."""
        for directory in (
            self.data_dir,
            self.data_dir / "keys",
            self.data_dir / "tokens",
            self.logs_dir,
            self.run_dir,
        ):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def key_file(self) -> Path:
        """The key that signs tokens."""
        return self.data_dir / "keys" / "installation.key"

    @property
    def person_token_file(self) -> Path:
        """The token of the person whose machine this is."""
        return self.data_dir / "tokens" / "person"

    @property
    def logs_dir(self) -> Path:
        """One log for each service."""
        return self.data_dir / "logs"

    @property
    def store_path(self) -> Path:
        """The event store's SQLite file."""
        return self.data_dir / "store.sqlite3"

    @property
    def config_file(self) -> Path:
        """Settings and agent profiles."""
        return self.data_dir / "podium.toml"

    @property
    def confirmed_dir(self) -> Path:
        """An empty file for each content hash (SHA-256) of a `.podium.toml` that a person lets run commands here."""
        return self.data_dir / "confirmed"

    @property
    def gateway_file(self) -> Path:
        """Where the gateway says which address it took: `{"url": …, "ui": …, "pid": …}`."""
        return self.run_dir / "gateway.json"

    @property
    def run_dir(self) -> Path:
        """Sockets and process ids; where the data directory's path is too long, a short one that follows from it.

        It depends on the data directory and the user alone, so that every process finds the same.
        """
        directory = self.data_dir / "run"
        longest = max(len(os.fsencode(directory / f"{service}.sock")) for service in SERVICES)
        if longest <= _SOCKET_PATH_BYTES:
            return directory
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        return _SHORT_PLACE / f"podium-{os.getuid()}-{digest}"

    def socket(self, service: str) -> Path:
        """A service's Unix socket."""
        return self.run_dir / f"{service}.sock"

    def address(self, service: str) -> str:
        """A service's address as gRPC wants it: `unix:/…/run/<service>.sock`."""
        return f"unix:{self.socket(service)}"

    def person_token(self) -> str:
        """The person's token, or nothing where there is none yet."""
        try:
            return self.person_token_file.read_text().strip()
        except FileNotFoundError:
            return ""
