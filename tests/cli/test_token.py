"""`podium token`: what it refuses, and what it never does."""

import json
from pathlib import Path

import pytest

from podium.cli import exits
from podium.client.installation import Installation
from podium.kernel.identity import CallerKind, Identity, read_token
from podium.supervisor import tokens
from tests.cli.test_command_line import podium

KEY = "0123456789abcdef" * 4


@pytest.fixture
def place(tmp_path: Path) -> Installation:
    installation = Installation(tmp_path / "data")
    installation.ensure()
    installation.key_file.write_text(f"{KEY}\n")
    return installation


def test_a_token_is_signed_with_the_key_that_is_named(place: Installation, tmp_path: Path) -> None:
    """The data directory's, or the file that a cluster's secret is mounted as; nothing is written without `--save`."""
    other = tmp_path / "key"
    other.write_text(KEY[::-1])
    for arguments, key in (((), KEY), (("--key-file", str(other)), KEY[::-1])):
        answer = podium(tmp_path, "token", "änna@example.org", *arguments, "--output", "json")
        made = json.loads(answer.stdout)
        assert read_token(key.encode(), made["token"]) == Identity(CallerKind.PERSON, "änna@example.org")
    assert not place.person_token_file.exists()


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("",), 2, "is no name"),
        (("an na",), 2, "is no name"),
        (("--", "-anna"), 2, "is no name"),
        (("a" * 65,), 2, "is no name"),
        (("anna", "--key-file", "nowhere"), 1, "there is no key at nowhere"),
        (("anna", "--key-file", "short"), 1, "at least 32"),
        (("anna", "--key-file", "."), 1, "directory"),
    ],
)
def test_what_cannot_be_is_said(
    place: Installation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    status: int,
    says: str,
) -> None:
    """Names and keys that are none, each with what is wrong; no token is printed."""
    monkeypatch.chdir(tmp_path)
    Path("short").write_text("short")
    assert tokens.main(["--data-dir", str(place.data_dir), *arguments]) == status
    said = capsys.readouterr()
    assert says in said.err and said.out == ""


def test_the_command_line_passes_it_on(place: Installation, tmp_path: Path) -> None:
    """With its own exit codes; an address that is none is refused before anything is made."""
    answer = podium(tmp_path, "token", "an na")
    assert (answer.returncode, answer.stdout) == (exits.USAGE, "") and "is no name" in answer.stderr
    answer = podium(tmp_path, "token", "anna", "--sign-in", "podium.example.org")
    assert (answer.returncode, answer.stdout) == (exits.USAGE, "") and "is no address" in answer.stderr
