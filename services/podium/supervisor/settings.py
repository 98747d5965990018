"""What the supervisor may be told, under `[supervisor]` in `podium.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """A service: its name (also that of its socket and log) and the module that is run.

    Whoever waits for the installation does not wait for one that is not `awaited`.
    """

    name: str
    module: str
    awaited: bool = True


SERVICES = (
    ServiceSpec("event-store", "podium.event_store"),
    ServiceSpec("pod-manager", "podium.pod_manager"),
    ServiceSpec("maestro", "podium.maestro"),
    ServiceSpec("runner", "podium.runner"),
    ServiceSpec("gateway", "podium.gateway", awaited=False),
)
"""In the order of starting; they are stopped in the reverse one."""


class SettingsError(Exception):
    """`podium.toml` holds something that the supervisor cannot take; the text says what and where."""


@dataclass(frozen=True, slots=True)
class SupervisorSettings:
    """All durations in seconds, sizes in bytes."""

    backoff_seconds: float = 0.2
    """Before the first restart; doubled for each further death in a row."""
    backoff_limit_seconds: float = 15.0
    """No pause is longer."""
    stable_seconds: float = 10.0
    """A service that lived this long starts its back-off anew."""
    grace_seconds: float = 8.0
    """Between SIGTERM and SIGKILL."""
    probe_seconds: float = 15.0
    """Between two looks at a service that is ready."""
    starting_probe_seconds: float = 0.05
    """Between two looks at one that is not."""
    log_bytes: int = 8 * 1024 * 1024
    """A log is rotated when it is longer."""
    log_keep: int = 3
    """Rotated logs kept per service."""


def load(config_file: Path) -> SupervisorSettings:
    """The settings of an installation; a missing file or section means the defaults. Raises `SettingsError`."""
    try:
        document = tomllib.loads(config_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return SupervisorSettings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{config_file}: {error}") from error
    section = document.get("supervisor", {})
    if not isinstance(section, Mapping):
        raise SettingsError(f"{config_file}: [supervisor] must be a table")
    return _checked(config_file, section)


def _checked(config_file: Path, section: Mapping[str, object]) -> SupervisorSettings:
    kinds = {field.name: type(field.default) for field in fields(SupervisorSettings)}
    values: dict[str, int | float] = {}
    for name, value in section.items():
        where = f"{config_file}: supervisor.{name}"
        if name not in kinds:
            raise SettingsError(f"{where}: unknown; known are {', '.join(sorted(kinds))}")
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise SettingsError(f"{where}: must be a number above 0")
        if kinds[name] is int and not isinstance(value, int):
            raise SettingsError(f"{where}: must be a whole number")
        values[name] = value
    return SupervisorSettings(**values)  # type: ignore[arg-type]  # checked against the fields just above
