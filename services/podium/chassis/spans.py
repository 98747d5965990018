"""Real OpenTelemetry spans; imported only where they go somewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from podium.client.ambient import TRACEPARENT

_PROPAGATOR = TraceContextTextMapPropagator()


class Spans:
    """Implements `telemetry.Tracer`."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("podium")

    @contextmanager
    def server_span(self, method: str, traceparent: str) -> Iterator[None]:
        """The span of a call being served."""
        with self._span(method, trace.SpanKind.SERVER, traceparent):
            yield

    @contextmanager
    def client_span(self, method: str) -> Iterator[None]:
        """The span of a call being made."""
        outer = TRACEPARENT.get()
        try:
            with self._span(method, trace.SpanKind.CLIENT, outer):
                yield
        finally:
            TRACEPARENT.set(outer)

    @contextmanager
    def _span(self, method: str, kind: trace.SpanKind, traceparent: str) -> Iterator[None]:
        parent = _PROPAGATOR.extract({"traceparent": traceparent})
        service, _, name = method.strip("/").partition("/")
        attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}
        # Not made current in OpenTelemetry's own context: async generators would leave and enter it out of order.
        span = self._tracer.start_span(method.strip("/"), parent, kind, attributes)
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, trace.set_span_in_context(span))
        TRACEPARENT.set(carrier.get("traceparent", traceparent))
        try:
            yield
        except BaseException as error:
            # The class, not the text: messages may quote what people wrote.
            span.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise
        finally:
            span.end()

    def shutdown(self) -> None:
        """Send what waits."""
        self._provider.shutdown()
