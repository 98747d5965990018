"""Logs: one line per event, for people (`console`) or machines (`json`), on standard error.

Everything goes through the standard library's `logging`, ours by `get_logger` (structlog: words and fields) and that
of libraries alike. Fields whose names speak of secrets are blanked.
"""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

from podium.client.ambient import TRACEPARENT


@contextmanager
def _absent(*names: str) -> Iterator[None]:
    """Make imports of these modules fail for a moment, unless they are loaded already."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is how Python says "no such module"
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


# structlog draws tracebacks with rich where it finds it: 150 ms and 10 MB of every process, for an effect that the
# log of a service has no use for.
with _absent("rich", "better_exceptions"):
    import structlog

Event = MutableMapping[str, Any]

_SECRET = re.compile(r"token|secret|password|authorization|credential|(^|_)key$", re.IGNORECASE)
_TOKEN = re.compile(r"\bp1\.(?:user|agent|runner|service)\.[\w.-]+")


def get_logger(name: str) -> Any:
    """A structlog logger: `log.info("lease acquired", epoch=3)`."""
    return structlog.stdlib.get_logger(name)


def configure(level: str, style: str, service: str, instance: str, stream: TextIO | None = None) -> None:
    """Set up the process' logs, once at its start; `style` is `console` or `json`."""
    target = stream or sys.stderr
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace,
        _blank,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.clear_contextvars()

    def place(_: Any, __: str, event: Event) -> Event:
        event["service"], event["instance"] = service, instance
        return event

    ending: list[Any]
    if style == "json":
        ending = [place, structlog.processors.format_exc_info, _blank, structlog.processors.JSONRenderer()]
    else:
        ending = [_one_line, structlog.dev.ConsoleRenderer(colors=target.isatty(), pad_event_to=0)]
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


def _trace(_: Any, __: str, event: Event) -> Event:
    if traceparent := TRACEPARENT.get():
        event["trace"] = traceparent[3:35]
    return event


def _blank(_: Any, __: str, event: Event) -> Event:
    for key, value in event.items():
        if key.startswith("_"):
            continue
        if _SECRET.search(key):
            event[key] = "…"
        elif isinstance(value, str) and "p1." in value:
            event[key] = _TOKEN.sub("p1.…", value)
    return event


def _one_line(logger: Any, name: str, event: Event) -> Event:
    """A traceback becomes a field without line ends, so that an event stays one line."""
    event = structlog.processors.format_exc_info(logger, name, event)
    if text := event.pop("exception", ""):
        event["error"] = " ⏎ ".join(line.strip() for line in text.splitlines())
    event["event"] = str(event["event"]).replace("\n", " ⏎ ")
    return _blank(logger, name, event)
