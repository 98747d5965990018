"""A pod service in small: each RPC does what a test says, over a real server and a real client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from podium.chassis.identity import ensure_key
from podium.chassis.server import Registration, Shell, running
from podium.chassis.settings import ServiceSettings
from podium.client.connection import Podium
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.pods.v1 import pod_service_pb2 as pb
from podium.pods.v1.pod_service_pb2_grpc import PodServiceServicer, add_PodServiceServicer_to_server

SERVICE = "podium.pods.v1.PodService"

ANNA = Identity(CallerKind.PERSON, "anna")

Behavior = Callable[[Any], Awaitable[Any]]
Feed = Callable[[Any], AsyncIterator[Any]]


class TinyPods(PodServiceServicer):
    """GetPod, OpenPod (a mutation) and WatchPod (a feed); unset behaviours answer plainly."""

    def __init__(self) -> None:
        self.get: Behavior = self._get
        self.open: Behavior = self._open
        self.watch: Feed = self._watch
        self.requests: list[Any] = []
        self.metadata: list[dict[str, str]] = []

    def _note(self, request: Any, context: Any) -> None:
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))

    async def GetPod(self, request: Any, context: Any) -> Any:
        self._note(request, context)
        return await self.get(request)

    async def OpenPod(self, request: Any, context: Any) -> Any:
        self._note(request, context)
        return await self.open(request)

    async def WatchPod(self, request: Any, context: Any) -> Any:
        self._note(request, context)
        async for item in self.watch(request):
            yield item

    async def _get(self, request: Any) -> Any:
        return pb.GetPodResponse(revision=1)

    async def _open(self, request: Any) -> Any:
        return pb.OpenPodResponse(revision=1)

    async def _watch(self, request: Any) -> Any:
        yield bookmark(1)
        await asyncio.Event().wait()


@dataclass
class Tiny:
    """A running service with its client."""

    pods: TinyPods
    podium: Podium
    settings: ServiceSettings
    shell: Shell
    address: str = ""
    registrations: Sequence[Registration] = field(default_factory=list)

    def token(self, kind: CallerKind, name: str = "x", pod_id: str = "") -> str:
        return issue_token(self.shell.key, Identity(kind, name, pod_id))


@asynccontextmanager
async def tiny(
    data_dir: Path, *, pods: TinyPods | None = None, home: str = "", tracer: Any = None, **changes: Any
) -> AsyncIterator[Tiny]:
    """A pod service at a free port, and Anna's client of it; `home` sends the client elsewhere first."""
    settings = replace(
        ServiceSettings(service="pod-manager", data_dir=data_dir, listen="127.0.0.1:0", shutdown_grace_seconds=2.0),
        **changes,
    )
    servicer = pods or TinyPods()
    shells: list[Shell] = []

    async def start(shell: Shell) -> Sequence[Registration]:
        shells.append(shell)
        return [Registration(add_PodServiceServicer_to_server, servicer, SERVICE)]

    async with running(settings, start, tracer=tracer) as address, person(settings, home or address) as podium:
        yield Tiny(servicer, podium, settings, shells[0], address)


@asynccontextmanager
async def person(settings: ServiceSettings, address: str) -> AsyncIterator[Podium]:
    """Anna's client, with the pod manager at an address."""
    token = issue_token(ensure_key(settings.key_file), ANNA)
    addresses = {"pod-manager": address}
    async with Podium.connect(installation=settings.installation, token=token, addresses=addresses) as podium:
        yield podium


def get(pod_id: str = "pod_1") -> pb.GetPodRequest:
    return pb.GetPodRequest(pod_id=pod_id)


def open_pod(**more: Any) -> pb.OpenPodRequest:
    return pb.OpenPodRequest(pod_id="pod_1", project_id="p", title="t", request="r", repository="/", **more)


def watch(pod_id: str = "pod_1") -> pb.WatchPodRequest:
    return pb.WatchPodRequest(pod_id=pod_id)


def bookmark(revision: int) -> pb.WatchPodResponse:
    return pb.WatchPodResponse(bookmark=pb.PodBookmark(revision=revision))
