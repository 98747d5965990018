"""Keeping secrets out of what is kept: transcripts, reports, logs."""

from collections.abc import Iterable

MASK = b"[redacted]"
_SHORTEST = 8


class Redactor:
    """Replaces known values; as a stream it also finds those that arrive in pieces."""

    def __init__(self, secrets: Iterable[str]) -> None:
        found = {s.encode() for s in secrets if len(s) >= _SHORTEST}
        self._secrets = sorted(found, key=len, reverse=True)
        self._held = b""

    def another(self) -> "Redactor":
        """One for another stream of the same process."""
        made = Redactor(())
        made._secrets = self._secrets
        return made

    def text(self, text: str) -> str:
        """A whole text without the secrets."""
        return self._replace(text.encode(errors="surrogateescape")).decode(errors="replace")

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
            for length in range(min(len(secret) - 1, len(data)), longest, -1):
                if data.endswith(secret[:length]):
                    longest = length
                    break
        return longest
