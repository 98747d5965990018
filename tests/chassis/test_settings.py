"""What a service is told, and by whom."""

from pathlib import Path

import pytest

from podium.chassis.settings import ServiceSettings, SettingsError, load, read_section
from podium.client.installation import Installation


def _write(data_dir: Path, text: str) -> None:
    data_dir.mkdir(exist_ok=True)
    (data_dir / "podium.toml").write_text(text)


def test_the_first_source_that_speaks_wins(tmp_path: Path) -> None:
    """Arguments over environment over the service's table over the shared table over defaults."""
    _write(
        tmp_path,
        """
        [services]
        log_level = "debug"
        lease_ttl_seconds = 9
        instance = "file"
        listen = "file:1"
        [services.maestro]
        instance = "own-table"
        listen = "own-table:1"
        [profiles.anything]
        goes = true
        """,
    )
    environment = {"PODIUM_DATA_DIR": str(tmp_path), "PODIUM_LISTEN": "env:1", "PODIUM_INSTANCE": "env", "OTHER": "x"}
    settings = load("maestro", ["--listen", "argument:1"], environment)
    assert settings.listen == settings.advertise == "argument:1"
    assert settings.instance == "env"
    assert settings.log_level == "debug" and settings.lease_ttl_seconds == 9.0
    assert load("runner", [], environment).instance == "env"
    assert load("maestro", [], {"PODIUM_DATA_DIR": str(tmp_path)}).instance == "own-table"


def test_defaults_follow_the_installation(tmp_path: Path) -> None:
    """Instance, addresses and key come from the service's name and the data directory."""
    settings = ServiceSettings(service="pod-manager", data_dir=tmp_path)
    place = Installation(tmp_path)
    assert settings.instance == "pod-manager-1"
    assert settings.listen == settings.advertise == settings.pod_manager == place.address("pod-manager")
    assert settings.addresses == {
        name: place.address(name) for name in ("event-store", "pod-manager", "maestro", "runner")
    }
    assert settings.key_file == place.key_file and settings.installation == place


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[services]\nlog_levle = 'info'", "knows no 'log_levle'"),
        ("[services.maestro]\nnothing = 1", "knows no 'nothing'"),
        ("[services]\ndata_dir = '/x'", "knows no 'data_dir'"),
        ("[services]\nlog_level = 'loud'", "log_level: must be one of debug"),
        ("[services]\nlease_ttl_seconds = 'long'", "'long' from"),
        ("[services]\nlisten = 3", "3 from"),
        ("[services]\nlease_ttl_seconds = 0.5", "lease_renew_seconds"),
        ("[services]\nmax_concurrent_rpcs = 0", "max_concurrent_rpcs"),
        ("[services]\nshutdown_grace_seconds = -1", "shutdown_grace_seconds"),
        ("services = 1", "must be a table"),
        ("[services", "podium.toml"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    """An unknown name, a wrong type, an impossible value, broken TOML: an error that names it."""
    _write(tmp_path, text)
    with pytest.raises(SettingsError, match=words.replace("[", r"\[")):
        load("maestro", [], {"PODIUM_DATA_DIR": str(tmp_path)})


def test_unknown_options_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped option ends the process with a usage line, also an abbreviated one."""
    for option in ("--nothing", "--log-lev"):
        with pytest.raises(SystemExit):
            load("maestro", [option, "x"], {"PODIUM_DATA_DIR": str(tmp_path)})
    assert "podium serve maestro" in capsys.readouterr().err


def test_sections_of_others_are_theirs(tmp_path: Path) -> None:
    """`read_section` gives any top-level table, empty where there is none."""
    _write(tmp_path, "[runner]\ncapacity = 4")
    assert read_section(tmp_path / "podium.toml", "runner") == {"capacity": 4}
    assert read_section(tmp_path / "podium.toml", "nothing") == {}
    assert read_section(tmp_path / "missing.toml", "runner") == {}


def test_tokens_do_not_show(tmp_path: Path) -> None:
    """A settings value can be logged: the token is not in its text."""
    assert "hush" not in repr(ServiceSettings(service="maestro", data_dir=tmp_path, token="hush"))
