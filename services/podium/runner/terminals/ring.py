"""The end of an output, by its place in the whole."""

KEPT_BYTES = 256 * 1024


class Ring:
    """The last bytes of an output; offsets count from its beginning."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept = kept_bytes
        self._data = bytearray()
        self.end = 0
        """Bytes in all."""

    @property
    def start(self) -> int:
        """The offset of the oldest byte that is kept."""
        return self.end - min(len(self._data), self._kept)

    def add(self, data: bytes) -> None:
        """Add to the end."""
        self.end += len(data)
        self._data += data[-self._kept :]
        if len(self._data) > 2 * self._kept:  # cutting each time would move all of it each time
            del self._data[: len(self._data) - self._kept]

    def after(self, offset: int, most: int) -> tuple[int, bytes]:
        """At most so many bytes after an offset, and where they begin: later than asked where that is not kept."""
        first = min(max(offset, self.start), self.end)
        index = len(self._data) - (self.end - first)
        return first, bytes(self._data[index : index + most])
