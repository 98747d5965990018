"""Text that people hand over."""

from pathlib import Path

import pytest

from podium.cli import exits, texts
from podium.cli.exits import CliError


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    """Its letters and its lines; an editor's line ends are ours."""
    (tmp_path / "text").write_bytes("Grüße 🚀\r\n\n".encode())
    assert texts.read(str(tmp_path / "text")) == "Grüße 🚀\n\n"


@pytest.mark.parametrize(
    ("name", "says"), [("nowhere", "No such file"), (".", "Is a directory"), ("bytes", "is not UTF-8 (at byte 1)")]
)
def test_what_cannot_be_read_is_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, says: str) -> None:
    """With the file's name, and no traceback."""
    monkeypatch.chdir(tmp_path)
    Path("bytes").write_bytes(b"a\xff")
    with pytest.raises(CliError, match=name) as caught:
        texts.read(name)
    assert says in caught.value.message and caught.value.code == exits.USAGE
