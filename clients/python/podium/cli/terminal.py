"""The person's end: lines from the terminal without blocking the event loop, and their editor."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from podium.cli.exits import CliError


class Lines:
    """Lines typed at a terminal; the terminal itself does the editing (canonical mode)."""

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = sys.stdin.fileno() if descriptor is None else descriptor
        self._buffer = b""

    async def read(self) -> str | None:
        """The next line without its end; None at the end of input (Ctrl-D). Cancelling it leaves the terminal free."""
        loop = asyncio.get_running_loop()
        while b"\n" not in self._buffer:
            readable = asyncio.Event()
            loop.add_reader(self._descriptor, readable.set)
            try:
                await readable.wait()
            finally:
                loop.remove_reader(self._descriptor)
            chunk = os.read(self._descriptor, 4096)
            if not chunk:
                return None
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode(errors="replace").strip("\r")


async def edit(text: str, suffix: str) -> str | None:
    """The text after $VISUAL or $EDITOR; None where nothing was changed. Raises `CliError` where no editor starts."""
    try:
        edited = await asyncio.to_thread(click.edit, text, extension=suffix)
    except click.ClickException as error:
        raise CliError(error.message, "set $EDITOR") from error
    return None if edited is None or edited.strip() == text.strip() else edited


@asynccontextmanager
async def on_interrupt() -> AsyncIterator[asyncio.Event]:
    """An event that Ctrl-C sets, instead of ending the program."""
    pressed = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, pressed.set)
    try:
        yield pressed
    finally:
        loop.remove_signal_handler(signal.SIGINT)
