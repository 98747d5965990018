"""Traces that cross processes, with and without OpenTelemetry."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from podium.chassis.telemetry import IdsOnly, Tracer, current_traceparent, spans_to
from podium.client.errors import NotFoundError
from podium.kernel.errors import not_found
from podium.pods.v1 import pod_service_pb2 as pb
from tests.support.tiny_service import TinyPods, get, tiny

CALLERS = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


@pytest.mark.parametrize("real", [False, True])
async def test_a_trace_crosses_services(tmp_path: Path, real: bool) -> None:
    """The caller's trace id arrives, is current in the servicer under a new span, and goes on to the next service."""
    exporter = InMemorySpanExporter()

    def tracer() -> Tracer:
        return spans_to(SimpleSpanProcessor(exporter), "x", "x-1") if real else IdsOnly()

    seen: list[str] = []
    front, back = TinyPods(), TinyPods()
    async with tiny(tmp_path / "back", pods=back, tracer=tracer()) as behind:
        key = behind.settings.key_file
        changes: Any = {"pod_manager": behind.address, "key_file": key}
        async with tiny(tmp_path / "front", pods=front, tracer=tracer(), **changes) as service:

            async def forward(request: Any) -> Any:
                seen.append(current_traceparent())
                return await service.shell.client.pods.GetPod(get())

            async def answer(request: Any) -> Any:
                seen.append(current_traceparent())
                return pb.GetPodResponse()

            front.get, back.get = forward, answer
            await service.podium.pods.GetPod(get(), metadata=(("traceparent", CALLERS),))
    assert [traceparent[:36] for traceparent in seen] == [CALLERS[:36]] * 2
    assert len({CALLERS, *seen}) == 3
    assert current_traceparent() == ""
    if real:
        spans = {(span.kind.name, f"{span.context.span_id:016x}"): span for span in exporter.get_finished_spans()}
        assert sorted(kind for kind, _ in spans) == ["CLIENT", "SERVER", "SERVER"]
        assert {span.name for span in spans.values()} == {"podium.pods.v1.PodService/GetPod"}
        assert ("SERVER", seen[0][36:52]) in spans and ("SERVER", seen[1][36:52]) in spans


async def test_a_refused_call_is_a_failed_span(tmp_path: Path) -> None:
    """A span of a call that raised has status ERROR, with the error's class and not its text."""
    exporter = InMemorySpanExporter()
    pods = TinyPods()

    async def missing(request: Any) -> Any:
        raise not_found("POD_NOT_FOUND", "somebody's words", pod_id="x")

    pods.get = missing
    async with tiny(tmp_path, pods=pods, tracer=spans_to(SimpleSpanProcessor(exporter), "x", "x-1")) as service:
        with pytest.raises(NotFoundError):
            await service.podium.pods.GetPod(get())
    [span] = exporter.get_finished_spans()
    assert span.status.status_code.name == "ERROR" and span.status.description == "Rejection"


@pytest.mark.parametrize("given", ["", "nonsense", "00-" + "0" * 32 + "-" + "b" * 16 + "-01"])
async def test_without_a_valid_parent_a_trace_begins(tmp_path: Path, given: str) -> None:
    """No traceparent, or one that is none: a new trace, so that an event always has one."""
    pods = TinyPods()
    seen: list[str] = []

    async def note(request: Any) -> Any:
        seen.append(current_traceparent())
        return pb.GetPodResponse()

    pods.get = note
    async with tiny(tmp_path, pods=pods) as service:
        await service.podium.pods.GetPod(get(), metadata=(("traceparent", given),) if given else None)
    assert len(seen[0]) == 55 and seen[0] != given


def test_a_service_does_not_load_what_it_does_not_use() -> None:
    """Start-up stays small: without an endpoint no OpenTelemetry; rules, reflection and rich only when needed."""
    heavy = ["opentelemetry", "protovalidate", "pydantic", "rich", "grpc_reflection.v1alpha", "sqlalchemy"]
    program = (
        "import sys\n"
        "from podium.chassis import logs, server, settings\n"
        "from podium.chassis.telemetry import make_tracer\n"
        "make_tracer('x', 'x-1', '')\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
