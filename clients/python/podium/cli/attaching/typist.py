"""What the person types, and how large their terminal is, on the way to the session: in order, holding nobody up."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from podium.client.errors import PodiumError

if TYPE_CHECKING:
    from podium.client.terminals import Terminal
    from podium.client.watches import Resuming

INPUT_BYTES = 256 * 1024
"""What may wait for its way; what is more is dropped."""
_WRITE_BYTES = 64 * 1024
_PAUSES = 0.1
"""Of a second: at a terminal somebody waits, so attaching anew is tried sooner than a watch is."""
_LONGEST_PAUSE_SECONDS = 2.0
_AWAY_SECONDS = 60.0
"""How long input waits for a service that is away."""
_TOKEN_SECONDS = 5.0
"""How long a refused token may take to be replaced (Maestro was restarted), or to be known as lost."""
_LOOK_SECONDS = 0.1
_SIZE_SECONDS = 1.0
_NOT_TYPED = frozenset({"NOT_READY", "NOT_OWNER", "TERMINAL_NOT_SERVED"})
_NOT_SENT = ("failed to connect", "the terminal is not attached")
"""How messages of errors begin that say for certain that nothing has left."""
_ELSEWHERE = "not typed: somebody else has the input (`podium attach --take` takes it)"


def patience(on_loss: "Callable[[PodiumError | None, float], None] | None" = None) -> "Resuming":
    """How an attachment comes back after a loss."""
    from podium.client.watches import Resuming

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(min(seconds * _PAUSES, _LONGEST_PAUSE_SECONDS))

    return Resuming(on_loss=on_loss, sleep=sleep)


class Typist:
    """Sends what is typed. `run` is its background task; `notice` is told what does not arrive."""

    def __init__(self, remote: "Terminal", notice: Callable[[str], None]) -> None:
        self._remote = remote
        self._notice = notice
        self._waiting = bytearray()
        self._size: tuple[int, int] | None = None
        self._news = asyncio.Event()
        self._refused = False
        self.idle = asyncio.Event()
        """Nothing waits."""
        self.idle.set()

    def type(self, data: bytes) -> None:
        """Send it as soon as can be."""
        if not data:
            return
        if len(self._waiting) + len(data) > INPUT_BYTES:
            self._notice("not typed: too much waits already")
            return
        self._waiting += data
        self._wake()

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal this size, if the input is ours."""
        self._size = (rows, columns)
        self._wake()

    def _wake(self) -> None:
        self.idle.clear()
        self._news.set()

    async def run(self) -> None:
        """Send what there is to send."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self._send_size()
            while self._waiting:
                await self._send_input()
            if not self._news.is_set():
                self.idle.set()

    async def _send_size(self) -> None:
        size, self._size = self._size, None
        if size is None or not self._remote.input_token:
            return
        try:
            await self._remote.resize(*size)
        except PodiumError as error:
            if error.reason == "TERMINAL_NOT_SERVED":  # its runner is on its way back
                self._size = self._size or size
                asyncio.get_running_loop().call_later(_SIZE_SECONDS, self._wake)
            # Else it is sent again with the next attachment.

    async def _send_input(self) -> None:
        data = bytes(self._waiting[:_WRITE_BYTES])
        del self._waiting[: len(data)]
        try:
            await self._write(data)
            self._refused = False
        except PodiumError as error:
            self._waiting.clear()
            if not self._refused:  # say it once, not for each key
                self._notice(_ELSEWHERE if error.reason == "INPUT_NOT_HELD" else f"not typed: {error.message}")
            self._refused = True

    async def _write(self, data: bytes) -> None:
        """Again while it is certain that nothing was typed and that it may be soon; never twice."""
        begin = time.monotonic()
        while True:
            token = self._remote.input_token
            try:
                await self._remote.write(data)
            except PodiumError as error:
                if time.monotonic() - begin > _patience_with(error, token):
                    raise
                await asyncio.sleep(_LOOK_SECONDS)
            else:
                return


def _patience_with(error: PodiumError, token: str) -> float:
    """For how many seconds an error may still pass."""
    if error.reason == "INPUT_NOT_HELD":
        return _TOKEN_SECONDS if token else 0.0
    certain = error.reason in _NOT_TYPED or (not error.reason and error.message.startswith(_NOT_SENT))
    return _AWAY_SECONDS if certain else 0.0
