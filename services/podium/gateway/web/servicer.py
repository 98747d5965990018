"""The servicer of WebService."""

import socket
from collections.abc import AsyncIterator
from functools import cache
from importlib import metadata
from typing import Any

from podium.chassis.identity import current_identity
from podium.chassis.server import Shell
from podium.client.connection import Podium
from podium.gateway.web.transcripts import read_page
from podium.gateway.web.watch import Watches
from podium.kernel.identity import Identity, issue_token
from podium.web.v1 import web_service_pb2 as pb

SERVICE = "podium.web.v1.WebService"


class WebServicer:
    """Calls the services behind it under the caller's own token."""

    def __init__(self, shell: Shell, heartbeat_seconds: float) -> None:
        self._shell = shell
        self._heartbeat = heartbeat_seconds
        self._watches = Watches()

    async def GetSessionInfo(self, request: pb.GetSessionInfoRequest, context: Any) -> pb.GetSessionInfoResponse:
        """Who is there."""
        identity = current_identity()
        response = pb.GetSessionInfoResponse(
            actor=str(identity),
            name=identity.name,
            version=_version(),
            installation=str(self._shell.settings.data_dir),
            host=socket.gethostname(),
            open_watches=self._watches.count_of(identity),
        )
        response.time.FromDatetime(self._shell.clock.now())
        return response

    async def Watch(self, request: pb.WatchRequest, context: Any) -> AsyncIterator[pb.WatchResponse]:
        """All that a tab shows, in one stream."""
        identity = current_identity()
        async with self._watches.opened(identity, self._client(identity)) as watch:
            watch.change((), request.targets)
            opened = pb.WatchOpened(watch_id=watch.id, heartbeat_seconds=self._heartbeat)
            yield pb.WatchResponse(opened=opened)
            while True:
                item = await watch.next(self._heartbeat)
                yield item if item is not None else pb.WatchResponse(heartbeat=pb.WatchHeartbeat())

    async def SetWatch(self, request: pb.SetWatchRequest, context: Any) -> pb.SetWatchResponse:
        """Change a watch."""
        watch = self._watches.find(request.watch_id, current_identity())
        return pb.SetWatchResponse(target_ids=watch.change(request.remove, request.add))

    async def ReadTranscript(self, request: pb.ReadTranscriptRequest, context: Any) -> pb.ReadTranscriptResponse:
        """A page of a transcript."""
        return await read_page(self._client(current_identity()).events, request)

    def _client(self, identity: Identity) -> Podium:
        return self._shell.client.acting_as(issue_token(self._shell.key, identity))


@cache
def _version() -> str:
    return metadata.version("podium")
