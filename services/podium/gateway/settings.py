"""`[gateway]` of podium.toml, with the defaults.

[gateway]
host = "127.0.0.1"        # where browsers reach it; beyond loopback put TLS in front and name the host below
port = 3000               # the next free one where it is taken; 0: any
hosts = []                # names in the address bar beside localhost, 127.0.0.1 and [::1]: "podium.example.org"
origins = []              # other origins whose pages may call, as a development server: "http://localhost:5173"
session_days = 30         # how long a browser stays signed in
streams_per_session = 64  # open streams of one browser
max_connections = 1000    # of all browsers
heartbeat_seconds = 15    # how long a watch may be silent
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_origin

from podium.chassis.settings import SettingsError, read_section


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """The gateway's own settings; the module's text says what they mean."""

    host: str = "127.0.0.1"
    port: int = 3000
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    session_days: int = 30
    streams_per_session: int = 64
    max_connections: int = 1000
    heartbeat_seconds: float = 15.0


_WORDS = {int: "a whole number", float: "a number", str: "a string"}


def load_settings(config_file: Path, environ: Mapping[str, str] | None = None) -> GatewaySettings:
    """The settings of an installation; a missing file or table means the defaults. Raises SettingsError.

    PODIUM_GATEWAY_PORT and the like stand above the file; lists are written with commas.
    """
    section = read_section(config_file, "gateway")
    for each in fields(GatewaySettings):
        variable = f"PODIUM_GATEWAY_{each.name.upper()}"
        text = (os.environ if environ is None else environ).get(variable)
        if text is not None:
            section[each.name] = _from_text(text, each.type, variable)
    return parse(section, str(config_file))


def _from_text(text: str, kind: Any, variable: str) -> Any:
    if get_origin(kind) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return kind(text)
    except ValueError:
        raise SettingsError(f"{variable}: must be {_WORDS[kind]}") from None


def parse(section: Mapping[str, Any], source: str = "podium.toml") -> GatewaySettings:
    """Settings from a table. Raises SettingsError that names the field."""
    known = {each.name: each.type for each in fields(GatewaySettings)}
    values: dict[str, Any] = {}
    for name, value in section.items():
        where = f"{source}: gateway.{name}"
        if name not in known:
            raise SettingsError(f"{where}: unknown; known are {', '.join(sorted(known))}")
        values[name] = _checked(value, known[name], where)
    settings = GatewaySettings(**values)
    if not 0 <= settings.port <= 65535:
        raise SettingsError(f"{source}: gateway.port: must be from 0 to 65535")
    for name in ("session_days", "streams_per_session", "max_connections"):
        if getattr(settings, name) < 1:
            raise SettingsError(f"{source}: gateway.{name}: must be at least 1")
    if settings.heartbeat_seconds <= 0:
        raise SettingsError(f"{source}: gateway.heartbeat_seconds: must be above 0")
    return settings


def _checked(value: Any, kind: Any, where: str) -> Any:
    if get_origin(kind) is tuple:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise SettingsError(f"{where}: must be a list of strings")
        return tuple(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise SettingsError(f"{where}: must be {_WORDS[kind]}")
    return value
