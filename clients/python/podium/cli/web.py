"""The way into the browser: where the gateway serves, with a one-time token."""

import time

from podium.cli import exits
from podium.cli.exits import CliError
from podium.cli.supervision import is_running
from podium.client import signin
from podium.client.installation import Installation

_LOOK_SECONDS = 0.03


NOT_BUILT = "the web interface is not built here: make web"
"""What people hear beside an address that has nothing to show but RPCs."""


def find(installation: Installation, wait_seconds: float) -> signin.Gateway | None:
    """The gateway, once it says where it serves; None where it does not within the time."""
    deadline = time.monotonic() + wait_seconds
    while True:
        gateway = signin.find_gateway(installation)
        if gateway is not None or time.monotonic() >= deadline:
            return gateway
        time.sleep(_LOOK_SECONDS)


def sign_in_url(installation: Installation, gateway: signin.Gateway | None) -> str:
    """An address that signs in once, for five minutes, where a person's token is here; empty without a gateway."""
    if gateway is None:
        return ""
    token = installation.person_token()
    return signin.sign_in_url(gateway.url, token) if token else gateway.url


def required(installation: Installation, wait_seconds: float = 5.0) -> signin.Gateway:
    """The gateway, whoever started it; raises `CliError` where there is none."""
    supervised = is_running(installation)
    gateway = find(installation, wait_seconds if supervised else 0.0)
    if gateway is None and not supervised:
        raise CliError(
            f"Podium is not running in {installation.data_dir}", "start it with `podium up`", exits.UNAVAILABLE
        )
    if gateway is None:
        hint = "`podium status` shows the services, `podium logs gateway` why it does not serve"
        raise CliError("the web gateway does not serve", hint, exits.UNAVAILABLE)
    return gateway
