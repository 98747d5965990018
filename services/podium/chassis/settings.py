"""What a service process is told: one frozen value, read once at start.

Sources, the first that speaks wins: arguments (`--listen …`), the environment (`PODIUM_LISTEN`), the file
`<data_dir>/podium.toml`, defaults. In the file, `[services]` is for all services and `[services.<name>]` for one;
unknown names there are errors. Other top-level tables belong to those who read them with `read_section`.

A plain dataclass and not pydantic-settings: importing that costs each of five processes a quarter of a second of
CPU and 11 MB, where the whole system shall be up in three seconds.
"""

import argparse
import os
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from podium.client.installation import Installation

ENV_PREFIX = "PODIUM_"

_UNSET = Path("(default)")

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["console", "json"]


class SettingsError(ValueError):
    """A setting cannot be understood; the text names it, its source and the remedy."""


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """The settings that every service has. Empty strings and None stand for the default that the comment names."""

    service: str
    """`event-store`, `pod-manager`, `maestro`, `runner`, `gateway`."""
    data_dir: Path = _UNSET
    """Default: as `Installation.locate` says."""
    instance: str = ""
    """This process' name, stable across restarts: its leases carry it. Default `<service>-1`."""
    listen: str = ""
    """`unix:/path` or `host:port`; port 0 takes a free one. Default: the installation's socket."""
    advertise: str = ""
    """The address that others are told. Default: where it listens."""
    store: str = field(default="", repr=False)
    """The event store's own: `sqlite:///path` or `postgresql://user@host/database`. Default: the file in data_dir."""
    event_store: str = ""
    pod_manager: str = ""
    maestro: str = ""
    runner: str = ""
    key_file: Path = _UNSET
    """The key that signs tokens; made at first start where it is missing. Default: the installation's."""
    token: str = field(default="", repr=False)
    """This service's own token. Default: signed with the key."""
    token_file: Path | None = None
    """A file that holds it instead."""
    log_level: LogLevel = "info"
    log_format: LogFormat = "console"
    otlp_endpoint: str = ""
    """Where spans go (`http://host:4317`); empty: nowhere."""
    lease_ttl_seconds: float = 4.0
    lease_renew_seconds: float = 2.0
    """After a failure four times as often. Renewals are most of what an idle installation does."""
    shutdown_grace_seconds: float = 5.0
    """How long running calls may take to end at a stop."""
    max_concurrent_rpcs: int = 2000
    """Calls and streams at once; more are refused with TOO_MANY_REQUESTS."""

    def __post_init__(self) -> None:
        put = object.__setattr__
        given = None if self.data_dir == _UNSET else self.data_dir
        put(self, "data_dir", Installation.locate(given).data_dir)
        place = self.installation
        put(self, "instance", self.instance or f"{self.service}-1")
        put(self, "listen", self.listen or place.address(self.service))
        put(self, "advertise", self.advertise or self.listen)
        for name in ("event_store", "pod_manager", "maestro", "runner"):
            put(self, name, getattr(self, name) or place.address(name.replace("_", "-")))
        put(self, "key_file", place.key_file if self.key_file == _UNSET else self.key_file)
        self._check()

    def _check(self) -> None:
        for name, hint in _hints().items():
            if typing.get_origin(hint) is Literal and getattr(self, name) not in typing.get_args(hint):
                raise SettingsError(f"{name}: must be one of {', '.join(typing.get_args(hint))}")
        if not 0 < self.lease_renew_seconds < self.lease_ttl_seconds:
            raise SettingsError("lease_renew_seconds: must be above 0 and below lease_ttl_seconds")
        if self.shutdown_grace_seconds < 0:
            raise SettingsError("shutdown_grace_seconds: must not be negative")
        if self.max_concurrent_rpcs < 1:
            raise SettingsError("max_concurrent_rpcs: must be at least 1")

    @property
    def installation(self) -> Installation:
        """The layout of the data directory."""
        return Installation(self.data_dir)

    @property
    def addresses(self) -> Mapping[str, str]:
        """The peers' addresses by service name, as `Podium.connect` wants them."""
        return {
            "event-store": self.event_store,
            "pod-manager": self.pod_manager,
            "maestro": self.maestro,
            "runner": self.runner,
        }


def load(
    service: str,
    argv: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> ServiceSettings:
    """The settings of a service process.

    `argv` None means the process' own arguments; every setting is an option (`--data-dir`, `--log-format`, …).
    Raises SystemExit for `--help` and unknown options, SettingsError for what cannot be understood; with the
    process' own arguments that is a SystemExit too, after a line on standard error.
    """
    hints = {name: hint for name, hint in _hints().items() if name != "service"}
    parser = argparse.ArgumentParser(prog=f"podium serve {service}", allow_abbrev=False)
    for name in hints:
        parser.add_argument(f"--{name.replace('_', '-')}", default=None)
    try:
        return _load(service, parser, argv, os.environ if environ is None else environ, hints)
    except SettingsError as error:
        if argv is not None:
            raise
        parser.exit(2, f"{parser.prog}: {error}\n")


def _load(
    service: str,
    parser: argparse.ArgumentParser,
    argv: Sequence[str] | None,
    environ: Mapping[str, str],
    hints: Mapping[str, Any],
) -> ServiceSettings:
    arguments = {name: text for name, text in vars(parser.parse_args(argv)).items() if text is not None}
    variables = {name: environ[key] for name in hints if (key := ENV_PREFIX + name.upper()) in environ}
    data_dir = arguments.get("data_dir") or variables.get("data_dir")
    config = Installation.locate(data_dir).config_file
    values: dict[str, Any] = {}
    for source, given in (
        (str(config), _from_file(config, service, hints)),
        ("environment", variables),
        ("arguments", arguments),
    ):
        for name, value in given.items():
            values[name] = _convert(name, value, hints[name], source)
    return ServiceSettings(service=service, **values)


def read_section(config_file: Path, name: str) -> dict[str, Any]:
    """A top-level table of the file; empty where file or table are missing. Raises SettingsError."""
    table = _parse(config_file).get(name, {})
    if not isinstance(table, dict):
        raise SettingsError(f"{config_file}: [{name}] must be a table")
    return table


def _parse(config_file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(config_file.read_text())
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{config_file}: {error}") from error


def _from_file(config_file: Path, service: str, hints: Mapping[str, Any]) -> dict[str, Any]:
    shared = read_section(config_file, "services")
    own = {name: value for name, value in shared.items() if isinstance(value, dict)}
    merged = {name: value for name, value in shared.items() if name not in own}
    merged |= own.get(service, {})
    for name in merged:
        if name not in hints or name == "data_dir":
            raise SettingsError(f"{config_file}: [services] knows no {name!r}; it knows {', '.join(sorted(hints))}")
    return merged


def _convert(name: str, value: Any, hint: Any, source: str) -> Any:
    """A value of the field's type, from text or from TOML's own types."""
    kinds = typing.get_args(hint) if typing.get_origin(hint) is types.UnionType else (hint,)
    kind = kinds[0]
    if typing.get_origin(kind) is Literal:
        kind = str
    numeric = kind in (int, float) and isinstance(value, int | float) and not isinstance(value, bool)
    if not isinstance(value, str) and not numeric:
        raise SettingsError(f"{name}: {value!r} from {source} is not a {kind.__name__}")
    try:
        return kind(value)
    except ValueError as error:
        raise SettingsError(f"{name}: {value!r} from {source} is not a {kind.__name__}") from error


def _hints() -> dict[str, Any]:
    hints = typing.get_type_hints(ServiceSettings)
    return {item.name: hints[item.name] for item in fields(ServiceSettings)}
