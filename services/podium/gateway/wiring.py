"""Putting the gateway together: WebService by gRPC, and the HTTP edge in front of everything."""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from podium.chassis.identity import Authenticator
from podium.chassis.server import Registration, Shell
from podium.client.connection import Podium
from podium.gateway.edge.address import announce, bind, forget, last_port, url_of
from podium.gateway.edge.static import StaticFiles
from podium.gateway.settings import GatewaySettings, load_settings
from podium.web.v1.web_service_pb2_grpc import add_WebServiceServicer_to_server

_HTTP_SHARE = 0.6
"""Of the grace that the shell gives to each part of a stop."""

_log = logging.getLogger(__name__)


async def build(shell: Shell, settings: GatewaySettings | None = None) -> Sequence[Registration]:
    """Serve HTTP, and return the gateway's own service. Raises AddressInUseError, SettingsError, OSError.

    The address is taken and told first, so that `podium up` can print it while the rest is still being imported.
    """
    installation = shell.settings.installation
    settings = settings or load_settings(installation.config_file)
    listener = bind(settings.host, settings.port, last_port(installation.gateway_file))
    url, began = url_of(listener, settings.host), time.time()
    files = StaticFiles()
    announce(installation.gateway_file, url, has_ui=files.built())
    shell.on_stop(_forgetting(installation.gateway_file))

    from podium.chassis.http_server import HttpServer
    from podium.gateway.edge.app import Gateway
    from podium.gateway.edge.guard import Guard
    from podium.gateway.edge.sign_in import SignIn
    from podium.gateway.limits import StreamLimits
    from podium.gateway.rpc.catalogue import Catalogue
    from podium.gateway.rpc.forwarding import Forwarder
    from podium.gateway.sessions import Sessions
    from podium.gateway.web.servicer import SERVICE, WebServicer

    catalogue = Catalogue()
    upstream = Podium.connect(
        installation=installation, token="", addresses=shell.settings.addresses, span=shell.tracer.client_span
    )
    addresses = {**shell.settings.addresses, "gateway": shell.settings.listen}
    forwarder = Forwarder(upstream, addresses, StreamLimits(settings.streams_per_session), shell.tracer)
    sessions = Sessions(shell.key, time.time, began, settings.session_days * 86_400)
    app = Gateway(
        guard=Guard(settings.host, settings.hosts, settings.origins),
        sign_in=SignIn(sessions),
        authenticator=Authenticator(shell.key),
        catalogue=catalogue,
        forwarder=forwarder,
        files=files,
        healthy=lambda: not shell.stop_requested.is_set(),
    )
    server = HttpServer(
        app,
        grace_seconds=shell.settings.shutdown_grace_seconds * _HTTP_SHARE,
        max_connections=settings.max_connections,
    )
    shell.on_stop(upstream.close)
    shell.on_stop(server.stop)
    shell.tasks.spawn(server.serve_at(listener), name="http")
    shell.tasks.spawn(_drain(shell, forwarder.drain), name="drain")
    _log.info("browsers at %s", url)
    return [Registration(add_WebServiceServicer_to_server, WebServicer(shell, settings.heartbeat_seconds), SERVICE)]


async def _drain(shell: Shell, drain: Callable[[], None]) -> None:
    """At the stop streams end first, so that nothing else has to wait for them."""
    await shell.stop_requested.wait()
    drain()


def _forgetting(path: Path) -> Callable[[], Awaitable[None]]:
    async def forgetting() -> None:
        forget(path)

    return forgetting
