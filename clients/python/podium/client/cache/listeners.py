"""Who wants to hear of which key."""

import logging
from collections.abc import Callable, Iterable
from types import TracebackType

from podium.client.cache.keys import Key

_log = logging.getLogger(__name__)

Handler = Callable[[Key], None]


class Listening:
    """A handler that listens, until `close`; also a context manager."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end = end

    def close(self) -> None:
        """Hear no more; safe to call twice."""
        self._end()

    def __enter__(self) -> "Listening":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Listeners:
    """Handlers by key. One that throws is logged; the others hear all the same."""

    def __init__(self) -> None:
        self._handlers: dict[Key, dict[object, Handler]] = {}

    def add(self, key: Key, handler: Handler) -> Listening:
        """Call the handler with the key, after each change of what it names."""
        token = object()
        self._handlers.setdefault(key, {})[token] = handler

        def end() -> None:
            handlers = self._handlers.get(key, {})
            handlers.pop(token, None)
            if not handlers:
                self._handlers.pop(key, None)

        return Listening(end)

    def tell(self, keys: Iterable[Key]) -> None:
        """These changed."""
        for key in keys:
            for handler in tuple(self._handlers.get(key, {}).values()):
                try:
                    handler(key)
                except Exception:
                    _log.exception("a handler of %s failed", key)

    def __len__(self) -> int:
        return sum(map(len, self._handlers.values()))
