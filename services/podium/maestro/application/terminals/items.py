"""What passes between runners, relays and viewers; as in `podium.tasks.v1.TerminalService`, where each is described."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False, slots=True)
class Output:
    """Bytes of a terminal; `rendered` is the adapters' place to keep the serialized form, made once for all viewers."""

    offset: int
    data: bytes = b""
    gap_bytes: int = 0
    rendered: dict[str, Any] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """The offset behind the last byte."""
        return self.offset + len(self.data)


@dataclass(frozen=True, slots=True)
class Size:
    """Lines and characters of a line; 0 where they are not known."""

    rows: int = 0
    columns: int = 0


UNKNOWN_SIZE = Size()


@dataclass(frozen=True, slots=True)
class Exit:
    """How a terminal ended; `away`: it did not, but nobody serves it now."""

    status: int = 0
    signal: int = 0
    text: str = ""
    away: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A viewer's first item."""

    viewer_id: str
    input_token: str
    size: Size
    offset: int
    running: bool
    sequence: int


@dataclass(frozen=True, slots=True)
class InputLost:
    """Another viewer took the input."""


ViewerItem = Opened | Output | Size | InputLost | Exit


@dataclass(frozen=True, slots=True)
class Wanted:
    """Send output after an offset."""

    after_offset: int


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Send none."""


@dataclass(frozen=True, slots=True)
class Input:
    """Type this; `offset` bytes were typed before it."""

    data: bytes
    offset: int = 0


ServeItem = Wanted | Unwanted | Input | Size


@dataclass(frozen=True, slots=True)
class TerminalLimits:
    """Bounds; times in seconds."""

    viewers: int = 64
    ring_bytes: int = 256 << 10
    ring_chunks: int = 2048
    input_bytes: int = 256 << 10
    """Input on its way to one terminal's process."""
    input_waiters: int = 64
    input_wait_seconds: float = 2.0
    """How long an input waits for the one before it, or for room."""
    input_kept_seconds: float = 10.0
    """How long the input of a viewer that went away is kept for its return."""
    heartbeat_seconds: float = 15.0
    look_seconds: float = 1.0
    """How often it is looked whether the session still is, and is ours."""
    transcript_after_seconds: float = 2.0
    """How long a terminal that should run is awaited before its transcript is shown."""
    away_after_seconds: float = 30.0
    """How long a terminal may be without a runner before its viewers are sent away."""
    exit_kept_seconds: float = 60.0
    """How long the end of a terminal is remembered, while its session's is on its way."""
    lag_seconds: float = 2.0
    """How long a message of the runner waits while even the quickest viewer is half a ring behind."""
    bytes_per_second: int = 8 << 20
    """Of one terminal; a runner that sends more is held up."""
    burst_bytes: int = 2 << 20
