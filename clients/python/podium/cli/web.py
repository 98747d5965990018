"""The way into the browser: where the gateway serves, with a one-time token."""

import time

from podium.cli import exits
from podium.cli.exits import CliError
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
    """An address that signs in once, for five minutes; empty without a gateway."""
    return "" if gateway is None else signin.sign_in_url(gateway.url, installation.person_token())


def required(installation: Installation, wait_seconds: float = 5.0) -> signin.Gateway:
    """The gateway; raises `CliError` where there is none."""
    gateway = find(installation, wait_seconds)
    if gateway is None:
        hint = "`podium status` shows the services, `podium logs gateway` why it does not serve"
        raise CliError("the web gateway does not serve", hint, exits.UNAVAILABLE)
    return gateway
