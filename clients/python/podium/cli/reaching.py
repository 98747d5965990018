"""Which services a command speaks to: those that PODIUM_* name elsewhere, those of this data directory, or none.

In the data directory they may be supervised (`podium up`) or run one by one (`podium serve`, containers): both serve at
its sockets. Elsewhere they are named by the variables that the services themselves take.
"""

import os
import socket
from collections.abc import Mapping

from podium.cli import exits, supervision
from podium.cli.exits import CliError
from podium.client.installation import Installation

TOKEN = "PODIUM_PERSON_TOKEN"  # noqa: S105 - the variable's name
"""The token of whoever calls; without it the one that lies in the data directory."""
ADDRESSES: Mapping[str, str] = {
    "event-store": "PODIUM_EVENT_STORE",
    "pod-manager": "PODIUM_POD_MANAGER",
    "maestro": "PODIUM_MAESTRO",
}
_CONNECT_SECONDS = 1.0


def elsewhere() -> dict[str, str]:
    """The addresses by service, where the environment names them; empty: here. Raises `CliError` where some lack."""
    found = {service: os.environ.get(variable, "") for service, variable in ADDRESSES.items()}
    if not any(found.values()):
        return {}
    lacking = [ADDRESSES[service] for service, address in found.items() if not address]
    if lacking:
        raise CliError(f"{' and '.join(lacking)} must be set too", "`host:port`, or unset the others", exits.USAGE)
    return found


def token(installation: Installation) -> str:
    """The caller's token; empty where there is none."""
    return os.environ.get(TOKEN, "").strip() or installation.person_token()


def is_served(installation: Installation) -> bool:
    """Whether somebody serves: elsewhere, supervised here, or one by one at the sockets here."""
    return bool(elsewhere()) or supervision.is_running(installation) or is_served_alone(installation)


def is_served_alone(installation: Installation) -> bool:
    """Whether services that nobody supervises answer at the sockets."""
    if supervision.is_running(installation):
        return False
    with socket.socket(socket.AF_UNIX) as knock:
        knock.settimeout(_CONNECT_SECONDS)
        try:
            knock.connect(str(installation.socket("maestro")))
        except OSError:
            return False
    return True


def begin(installation: Installation) -> bool:
    """Start the services of this machine where nobody serves; whether that was needed. Raises `CliError`."""
    if elsewhere() or is_served_alone(installation):
        return False
    return supervision.start(installation)
