"""Where an installation keeps its things."""

import tempfile
from pathlib import Path

import pytest

from podium.client.installation import SERVICES, Installation


def test_the_data_directory_is_found_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Argument, $PODIUM_DATA_DIR, $XDG_DATA_HOME/podium, ~/.local/share/podium: the first that is there."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PODIUM_DATA_DIR", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert Installation.locate().data_dir == tmp_path / "home/.local/share/podium"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert Installation.locate().data_dir == tmp_path / "xdg/podium"
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path / "env"))
    assert Installation.locate().data_dir == tmp_path / "env"
    assert Installation.locate(tmp_path / "argument").data_dir == tmp_path / "argument"
    assert Installation.locate("~/mine").data_dir == tmp_path / "home/mine"


def test_socket_paths_stay_short(tmp_path: Path) -> None:
    """A data directory with a long path has its sockets elsewhere, the same place each time and its own."""
    short, long = Installation(Path("/srv/podium")), Installation(tmp_path / ("x" * 100))
    assert short.address("maestro") == "unix:/srv/podium/run/maestro.sock"
    assert long.run_dir == Installation(long.data_dir).run_dir != Installation(tmp_path / ("y" * 100)).run_dir
    for service in SERVICES:
        assert len(str(long.socket(service)).encode()) <= 100


def test_the_sockets_place_is_the_same_in_every_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither $TMPDIR nor $XDG_RUNTIME_DIR moves the sockets of an installation whose path is long."""
    long = Installation(tmp_path / ("x" * 100))
    before = long.run_dir
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert tempfile.gettempdir() == str(tmp_path)
    assert Installation(long.data_dir).run_dir == before


def test_directories_are_private(tmp_path: Path) -> None:
    """`ensure` makes every directory for its owner alone; doing it twice changes nothing."""
    place = Installation(tmp_path / "data")
    place.ensure()
    place.ensure()
    for path in (place.data_dir, place.key_file.parent, place.person_token_file.parent, place.logs_dir, place.run_dir):
        assert path.stat().st_mode & 0o777 == 0o700


def test_a_missing_person_token_is_empty(tmp_path: Path) -> None:
    """Before the first start there is no token, and that is no error."""
    place = Installation(tmp_path)
    assert place.person_token() == ""
    place.ensure()
    place.person_token_file.write_text("p1.x\n")
    assert place.person_token() == "p1.x"
