"""The typed asyncio SDK of Podium: connect, call, watch. The command line and every service use it too.

    from podium.client import Podium

    async with Podium.connect() as podium:
        pod = (await podium.pods.GetPod(GetPodRequest(pod_id="…"))).pod

`podium.client.sync` is the same without `await`, for scripts; `podium.client.cache` keeps what a client shows current;
`podium.client.reasons` has an exception for each documented reason. docs/client.md is the guide.

Names are loaded when first used, so that `podium --help` does not pay for gRPC.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from podium.client.cache import MaestroCache
    from podium.client.connection import Podium
    from podium.client.errors import PodiumError
    from podium.client.installation import Installation

__all__ = ["Installation", "MaestroCache", "Podium", "PodiumError"]

_HOMES = {
    "Podium": "connection",
    "PodiumError": "errors",
    "Installation": "installation",
    "MaestroCache": "cache",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
