"""`podium token`: what it refuses, and what it never does."""

import json
from pathlib import Path

import pytest

from podium.cli import exits
from podium.client.installation import Installation
from podium.kernel.identity import CallerKind, Identity, read_token
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
    ("arguments", "code", "says"),
    [
        (("",), exits.USAGE, "is no name"),
        (("an na",), exits.USAGE, "is no name"),
        (("--", "-anna"), exits.USAGE, "is no name"),
        (("a" * 65,), exits.USAGE, "is no name"),
        (("anna", "--sign-in", "podium.example.org"), exits.USAGE, "is no address"),
        (("anna", "--key-file", "nowhere"), exits.FAILED, "there is no key at nowhere"),
        (("anna", "--key-file", "short"), exits.FAILED, "at least 32"),
        (("anna", "--key-file", "."), exits.FAILED, "directory"),
    ],
)
def test_what_cannot_be_is_said(
    place: Installation, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    """Names, addresses and keys that are none, each with what is wrong; no token is printed."""
    (tmp_path / "short").write_text("short")
    answer = podium(tmp_path, "token", *arguments)
    assert (answer.returncode, answer.stdout) == (code, ""), answer
    assert says in answer.stderr
