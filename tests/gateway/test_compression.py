"""What goes over the wire compressed, and what each request leaves in the traces."""

import gzip
from collections.abc import MutableMapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from podium.chassis.server import running
from podium.chassis.telemetry import spans_to
from podium.gateway.asgi import Header, Send
from podium.gateway.edge.compression import SMALLEST_BYTES, compressing
from podium.gateway.edge.static import StaticFiles
from podium.gateway.settings import GatewaySettings
from podium.gateway.wiring import build as start_gateway
from tests.gateway.conftest import House

pytestmark = pytest.mark.asyncio

LONG = b"the same again; " * SMALLEST_BYTES


class Wire:
    """What an application sends."""

    def __init__(self) -> None:
        self.messages: list[MutableMapping[str, Any]] = []

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self.messages.append(message)

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.messages[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(bytes(message.get("body", b"")) for message in self.messages[1:])


def scope(encodings: str, client: str = "192.0.2.7", path: str = "/") -> dict[str, Any]:
    headers = [(b"accept-encoding", encodings.encode())]
    return {"method": "GET", "path": path, "headers": headers, "client": (client, 40000)}


async def answer(send: Send, *parts: bytes) -> None:
    headers: list[Header] = [(b"content-type", b"application/json"), (b"content-length", str(len(parts[0])).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number, part in enumerate(parts):
        await send({"type": "http.response.body", "body": part, "more_body": number + 1 < len(parts)})


async def test_long_answers_to_other_machines_are_compressed() -> None:
    """An answer of 64 KiB to another machine comes as gzip, says so, and is whole."""
    wire = Wire()
    await answer(compressing(scope("gzip, deflate, br"), wire.send), LONG)
    assert wire.headers[b"content-encoding"] == b"gzip"
    assert int(wire.headers[b"content-length"]) == len(wire.body) < len(LONG) / 10
    assert gzip.decompress(wire.body) == LONG


@pytest.mark.parametrize(
    ("encodings", "client", "parts"),
    [
        ("gzip", "127.0.0.1", (LONG,)),
        ("gzip", "::1", (LONG,)),
        ("gzip", "192.0.2.7", (LONG[: SMALLEST_BYTES - 1],)),
        ("br", "192.0.2.7", (LONG,)),
        ("gzip;q=0", "192.0.2.7", (LONG,)),
        ("gzip", "192.0.2.7", (LONG, LONG)),
    ],
    ids=["loopback", "loopback by IPv6", "short", "another encoding", "refused", "a stream"],
)
async def test_other_answers_go_as_they_are(encodings: str, client: str, parts: tuple[bytes, ...]) -> None:
    """Nothing is compressed for this machine, for who does not take it, in a stream, or where it is short."""
    wire = Wire()
    await answer(compressing(scope(encodings, client), wire.send), *parts)
    assert b"content-encoding" not in wire.headers
    assert wire.body == b"".join(parts)


async def test_files_come_in_the_smallest_form_that_the_browser_takes(tmp_path: Path) -> None:
    """Brotli, else gzip, else as it is; each form has its own tag; none has an address of its own."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<p>page</p>")
    file = tmp_path / "assets" / "app-1a2b.js"
    file.write_bytes(b"plain")
    file.with_name("app-1a2b.js.gz").write_bytes(b"gz")
    file.with_name("app-1a2b.js.br").write_bytes(b"br")
    tags = set()
    for encodings, form, encoding in (
        ("gzip, br", b"br", b"br"),
        ("gzip", b"gz", b"gzip"),
        ("identity", b"plain", b""),
    ):
        wire = Wire()
        await StaticFiles(tmp_path).serve(scope(encodings, path="/assets/app-1a2b.js"), wire.send)
        assert (wire.body, wire.headers.get(b"content-encoding", b"")) == (form, encoding)
        assert wire.headers[b"content-type"] == b"text/javascript; charset=utf-8"
        assert wire.headers[b"vary"] == b"accept-encoding"
        assert b"immutable" in wire.headers[b"cache-control"]
        tags.add(wire.headers[b"etag"])
    assert len(tags) == 3
    wire = Wire()
    await StaticFiles(tmp_path).serve(scope("br", path="/assets/app-1a2b.js.br"), wire.send)
    assert wire.messages[0]["status"] == 404


async def test_each_request_has_a_span_and_its_call_is_below_it(tmp_path: Path) -> None:
    """The caller's trace goes through the gateway: its span holds the call to the service, from end to end."""
    exporter = InMemorySpanExporter()
    trace, parent = "a" * 32, "b" * 16
    async with AsyncExitStack() as stack:
        house = House(tmp_path, stack, GatewaySettings(port=0))
        for service in ("event-store", "pod-manager", "maestro"):
            await house.start(service)
        tracer = spans_to(SimpleSpanProcessor(exporter), "gateway", "gateway-1")
        start = partial(start_gateway, settings=house.gateway)
        await stack.enter_async_context(running(house.settings("gateway"), start, tracer=tracer))
        sent = await house.browser().call(
            "/podium.tasks.v1.MaestroService/ListProjects", {}, traceparent=f"00-{trace}-{parent}-01"
        )
        assert sent.status == 200
        spans = {span.kind: span for span in exporter.get_finished_spans() if span.name.endswith("ListProjects")}
    served, called = spans[SpanKind.SERVER], spans[SpanKind.CLIENT]
    assert served.context is not None and served.parent is not None and called.parent is not None
    assert f"{served.context.trace_id:032x}" == trace
    assert f"{served.parent.span_id:016x}" == parent
    assert called.parent.span_id == served.context.span_id
    assert served.start_time is not None and called.start_time is not None
    assert served.start_time <= called.start_time <= (called.end_time or 0) <= (served.end_time or 0)
