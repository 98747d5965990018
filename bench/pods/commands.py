"""What one command takes, and how many go at once."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable

from bench.events.measure import Load, closed_loop
from bench.pods.frames import Caller, call_headers
from bench.pods.house import House, open_request
from podium.client.connection import Podium
from podium.pods.v1 import pod_pb2
from podium.pods.v1 import pod_service_pb2 as pb

METHOD = "/podium.pods.v1.PodService/PostMessage"
IN_FLIGHT = 64
WORDS = "The sums of the first column are right now."


def pod_name(number: int) -> str:
    """The id of a pod."""
    return f"task_{number:016x}"


async def open_pods(client: Podium, count: int) -> list[str]:
    """So many pods, opened one after another."""
    names = [pod_name(number) for number in range(1, count + 1)]
    for number, name in enumerate(names, start=1):
        await client.pods.OpenPod(open_request(name, number))
    return names


def posting(client: Podium, pod_id: str, words: str = WORDS) -> Callable[[], Awaitable[object]]:
    """A caller that posts a message with each call."""

    async def call() -> object:
        return await client.pods.PostMessage(_request(pod_id, words))

    return call


def _request(pod_id: str, words: str) -> pb.PostMessageRequest:
    return pb.PostMessageRequest(pod_id=pod_id, kind=pod_pb2.MESSAGE_KIND_UPDATE, content=words)


async def one_in_flight(found: House, pod_id: str) -> Load:
    """Alone."""
    return await closed_loop([posting(found.connect(), pod_id)])


async def many_pods(found: House, names: list[str]) -> Load:
    """64 callers, each with a pod of its own."""
    return await _bare(found, names[:IN_FLIGHT])


async def one_pod(found: House, pod_id: str) -> Load:
    """64 callers, all on one pod."""
    return await _bare(found, [pod_id] * IN_FLIGHT)


async def many_pods_by_client(found: House, names: list[str]) -> Load:
    """`many_pods` through gRPC's Python client."""
    client = found.connect()
    return await closed_loop([posting(client, name) for name in names[:IN_FLIGHT]])


async def _bare(found: House, names: list[str]) -> Load:
    """A caller for each name, all on one bare connection, with what the client would send along."""
    path = found.settings.installation.address("pod-manager").removeprefix("unix:")
    _, caller = await asyncio.get_running_loop().create_unix_connection(Caller, path)
    headers = call_headers(METHOD, (("authorization", f"Bearer {found.token()}"),))

    def calling(pod_id: str) -> Callable[[], Awaitable[object]]:
        async def call() -> object:
            request = _request(pod_id, WORDS)
            request.request_id = uuid.uuid4().hex
            answer = pb.PostMessageResponse.FromString(await caller.call(headers, request.SerializeToString()))
            if not answer.revision:
                raise RuntimeError(f"no revision: {answer}")
            return answer

        return call

    try:
        return await closed_loop([calling(name) for name in names])
    finally:
        caller.close()
