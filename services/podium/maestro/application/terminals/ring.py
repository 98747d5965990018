"""The last output of a watched terminal, shared by its viewers."""

from bisect import bisect_right

from podium.maestro.application.terminals.items import Output

PIECE_BYTES = 64 << 10


class Ring:
    """Chunks in order, at most so many bytes and chunks; viewers read at their own offsets."""

    def __init__(self, most_bytes: int, most_chunks: int) -> None:
        self._most_bytes, self._most_chunks = most_bytes, most_chunks
        self._chunks: list[Output] = []
        self._size = 0
        self.was_cut = False
        """Whether something had to go since it was empty."""

    def add(self, chunk: Output) -> None:
        """Put a chunk behind the others; the oldest ones go."""
        if not chunk.data:
            return
        self._chunks.append(chunk)
        self._size += len(chunk.data)
        gone = 0
        while self._size > self._most_bytes and gone < len(self._chunks) - 1:
            self._size -= len(self._chunks[gone].data)
            gone += 1
        if gone:
            del self._chunks[:gone]
            self.was_cut = True
        if len(self._chunks) > self._most_chunks:
            self._compact()

    def after(self, offset: int) -> Output | None:
        """The first bytes behind an offset, with the gap that lies between; None where there are none."""
        index = bisect_right(self._chunks, offset, key=_end)
        if index == len(self._chunks):
            return None
        chunk = self._chunks[index]
        if offset >= chunk.offset:
            return chunk if offset == chunk.offset and not chunk.gap_bytes else _rest(chunk, offset)
        gap = chunk.offset - offset
        return chunk if gap == chunk.gap_bytes else Output(chunk.offset, chunk.data, gap)

    def clear(self) -> None:
        """Forget everything."""
        self._chunks.clear()
        self._size = 0
        self.was_cut = False

    def _compact(self) -> None:
        """Make few long chunks of many short ones: a chunk costs memory of its own, however short it is."""
        joined: list[Output] = []
        parts: list[bytes] = []
        start = end = gap = size = 0
        for chunk in self._chunks:
            if parts and (chunk.offset != end or size + len(chunk.data) > PIECE_BYTES):
                joined.append(Output(start, b"".join(parts), gap))
                parts, size = [], 0
            if not parts:
                start, gap = chunk.offset, chunk.gap_bytes
            parts.append(chunk.data)
            size += len(chunk.data)
            end = chunk.end
        joined.append(Output(start, b"".join(parts), gap))
        self._chunks = joined


def _end(chunk: Output) -> int:
    return chunk.end


def _rest(chunk: Output, offset: int) -> Output:
    return Output(offset, chunk.data[offset - chunk.offset :])
