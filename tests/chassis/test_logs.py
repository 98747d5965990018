"""Logs: one line per event, no secrets."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from podium.chassis.logs import configure, get_logger
from podium.client.ambient import TRACEPARENT
from podium.kernel.identity import CallerKind, Identity, issue_token

TOKEN = issue_token(b"k" * 64, Identity(CallerKind.PERSON, "anna"))


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize("style", ["json", "console"])
def test_one_event_is_one_line(stream: io.StringIO, style: str) -> None:
    """Ours and the libraries' events are a line each, tracebacks included."""
    configure("info", style, "maestro", "maestro-1", stream)
    get_logger("podium.a").info("lease acquired", epoch=3)
    logging.getLogger("library").warning("plain %s", "words")
    try:
        raise ValueError("broken")
    except ValueError:
        get_logger("podium.b").exception("failed")
    get_logger("podium.c").debug("too fine")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    for line, words in zip(lines, ("lease acquired", "plain words", "ValueError: broken"), strict=True):
        assert words in line


def test_json_has_the_fields(stream: io.StringIO) -> None:
    """A line of JSON carries time, level, logger, service, instance, trace and the event's own fields."""
    configure("info", "json", "maestro", "maestro-1", stream)
    token = TRACEPARENT.set("00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    get_logger("podium.a").info("lease acquired", epoch=3)
    TRACEPARENT.reset(token)
    line = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "lease acquired",
        "level": "info",
        "logger": "podium.a",
        "service": "maestro",
        "instance": "maestro-1",
        "trace": "a" * 32,
        "epoch": 3,
    }


@pytest.mark.parametrize("style", ["json", "console"])
def test_secrets_are_blanked(stream: io.StringIO, style: str) -> None:
    """Tokens and fields that are named like secrets never reach the log, wherever they stand."""
    configure("info", style, "maestro", "maestro-1", stream)
    log = get_logger("podium.a")
    log.info(f"called with {TOKEN}", agent_token="hush", authorization=f"Bearer {TOKEN}", api_key="hush", note=TOKEN)
    try:
        raise ValueError(f"bad {TOKEN}")
    except ValueError:
        logging.getLogger("library").exception("failed")
    text = stream.getvalue()
    assert "hush" not in text and TOKEN not in text and TOKEN[:20] not in text
