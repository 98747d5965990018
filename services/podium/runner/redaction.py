"""Keeping secrets out of what is kept: transcripts, reports, logs."""

import base64
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import quote
from weakref import WeakSet

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

MASK = b"[redacted]"
_SHORTEST = 8
_SHORTEST_LINE = 16
_LIVING: "WeakSet[Redactor]" = WeakSet()
"""Those whose secrets must not stand in the log either."""


def _forms(secret: str) -> Iterator[bytes]:
    """A secret as it may be written: plain, in JSON, in a URL, in base 64; one of several lines, each line."""
    yield secret.encode(errors="surrogateescape")
    yield json.dumps(secret)[1:-1].encode()
    yield quote(secret, safe="").encode()
    yield base64.b64encode(secret.encode(errors="surrogateescape")).rstrip(b"=")
    for line in secret.splitlines():
        if len(line.strip()) >= _SHORTEST_LINE:
            yield line.strip().encode(errors="surrogateescape")


class Redactor:
    """Replaces known values; as a stream it also finds those that arrive in pieces."""

    def __init__(self, secrets: Iterable[str]) -> None:
        found = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
        self._secrets = sorted(found, key=len, reverse=True)
        self._held = b""
        _LIVING.add(self)

    def another(self) -> "Redactor":
        """One for another stream of the same process."""
        made = Redactor(())
        made._secrets = self._secrets
        return made

    def text(self, text: str) -> str:
        """A whole text without the secrets."""
        return self._replace(text.encode(errors="surrogateescape")).decode(errors="replace")

    def message(self, message: Message) -> None:
        """Every text of a message without the secrets, in place."""
        for field, value in message.ListFields():
            if field.type == FieldDescriptor.TYPE_STRING:
                if field.is_repeated:
                    value[:] = [self.text(each) for each in value]
                else:
                    setattr(message, field.name, self.text(value))
            elif field.type == FieldDescriptor.TYPE_MESSAGE:
                for each in value if field.is_repeated else [value]:
                    if isinstance(each, Message):
                        self.message(each)

    def feed(self, data: bytes) -> bytes:
        """The next piece of a stream; an end that may begin a secret is held back until the next piece."""
        whole = self._replace(self._held + data)
        keep = self._beginning(whole)
        self._held = whole[len(whole) - keep :]
        return whole[: len(whole) - keep]

    def flush(self) -> bytes:
        """What was held back; it was no secret after all."""
        held, self._held = self._held, b""
        return held

    def _replace(self, data: bytes) -> bytes:
        for secret in self._secrets:
            if secret in data:
                data = data.replace(secret, MASK)
        return data

    def _beginning(self, data: bytes) -> int:
        """The length of the longest end of the data that begins a secret."""
        longest = 0
        for secret in self._secrets:
            tail = data[1 - len(secret) :]
            at = tail.find(secret[:1])
            while at >= 0 and len(tail) - at > longest:
                if secret.startswith(tail[at:]):
                    longest = len(tail) - at
                at = tail.find(secret[:1], at + 1)
        return longest


@contextmanager
def cleaned(redactor: Redactor, write: Callable[[bytes], None]) -> Iterator[Callable[[bytes], None]]:
    """A stream of its own into `write`, without the secrets; its end is written when the block is left."""
    stream = redactor.another()

    def take(data: bytes) -> None:
        if kept := stream.feed(data):
            write(kept)

    try:
        yield take
    finally:
        if rest := stream.flush():
            write(rest)


class _CleanFormatter(logging.Formatter):
    """Formats as another one does, and leaves the secrets of living agents out: of messages and of tracebacks."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        line = self._inner.format(record)
        for redactor in list(_LIVING):
            line = redactor.text(line)
        return line


def guard_logs() -> None:
    """Keep the secrets of agents out of whatever this process logs from now on."""
    for handler in logging.getLogger().handlers:
        if not isinstance(handler.formatter, _CleanFormatter):
            handler.setFormatter(_CleanFormatter(handler.formatter or logging.Formatter()))
