"""Traces: W3C traceparent in, out and into event metadata; spans where an OTLP endpoint is configured.

Without one nothing of OpenTelemetry is imported (a tenth of a second of each process' start), yet trace ids are made
and passed on all the same, so that events and logs of one request can be found together.
"""

import random
import re
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

from podium.client.ambient import TRACEPARENT

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

EXPORT_SECONDS = 2
"""How long a batch of spans may take; a collector that is away must not hold up a stop."""

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def current_traceparent() -> str:
    """The W3C traceparent of the current span; empty outside of any."""
    return TRACEPARENT.get()


def checked(traceparent: str) -> str:
    """The same where it is one, else nothing: what comes from stored metadata is not passed on unseen."""
    return traceparent if _TRACEPARENT.fullmatch(traceparent) else ""


class Tracer(Protocol):
    """Makes spans. A span sets `TRACEPARENT` while it is open, and is marked failed by an exception."""

    def server_span(self, method: str, traceparent: str) -> AbstractContextManager[None]:
        """The span of a call being served; `traceparent` is the caller's, or empty."""
        ...

    def client_span(self, method: str) -> AbstractContextManager[None]:
        """The span of a call being made, under the current one."""
        ...

    def shutdown(self) -> None:
        """Send what waits; blocks for a few seconds at most."""
        ...


_NO_SPAN = nullcontext()
_random = random.Random(secrets.randbits(128))  # noqa: S311 - ids have to differ, not to be secret
"""A system call for each of them would be a part of what a call costs."""


class IdsOnly:
    """Makes trace and span ids and nothing else."""

    def server_span(self, method: str, traceparent: str) -> AbstractContextManager[None]:
        """A new span id, in the caller's trace or a new one. The call's own context ends with it: no reset."""
        TRACEPARENT.set(_child(traceparent))
        return _NO_SPAN

    def client_span(self, method: str) -> AbstractContextManager[None]:
        """Nothing: the callee's span becomes a child of the current one."""
        return _NO_SPAN

    def shutdown(self) -> None:
        """Nothing waits."""


def _child(traceparent: str) -> str:
    # Never 0, which would be no id.
    span = _random.getrandbits(64) or 1
    if traceparent and _TRACEPARENT.fullmatch(traceparent):
        return f"{traceparent[:36]}{span:016x}{traceparent[52:]}"
    return f"00-{_random.getrandbits(128) or 1:032x}-{span:016x}-00"


def make_tracer(service: str, instance: str, endpoint: str) -> Tracer:
    """The process' tracer: spans to the endpoint, or ids only where it is empty."""
    if not endpoint:
        return IdsOnly()
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    insecure = not endpoint.startswith("https://")
    exporter = OTLPSpanExporter(endpoint, insecure=insecure, timeout=EXPORT_SECONDS)
    return spans_to(BatchSpanProcessor(exporter), service, instance)


def spans_to(processor: "SpanProcessor", service: str, instance: str) -> Tracer:
    """A tracer of real spans."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    attributes: Mapping[str, str] = {"service.name": service, "service.instance.id": instance}
    provider = TracerProvider(resource=Resource.create(attributes), shutdown_on_exit=False)
    provider.add_span_processor(processor)
    from podium.chassis.spans import Spans

    return Spans(provider)
