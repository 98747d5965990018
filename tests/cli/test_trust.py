"""Whose commands may run: what is asked for, what is kept, what is not asked for."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from podium.cli import exits, repository, trust
from podium.client.installation import Installation

FILE = 'setup = "npm ci"\ncopy = [".env"]\n\n[checks]\nrun = ["make lint", ["pytest", "-q"]]\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A repository with a file that wants something."""
    path = tmp_path / "repository"
    path.mkdir()
    commit(path, FILE)
    return path


def commit(path: Path, text: str) -> None:
    (path / ".podium.toml").write_text(text)
    who = ["-c", "user.name=T", "-c", "user.email=t@localhost"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", "-C", str(path), *arguments], check=True)


def call(data_dir: Path, *arguments: str, code: int) -> str:
    answer = subprocess.run(
        [sys.executable, "-m", "podium.cli.main", *arguments, "--data-dir", str(data_dir)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == code, answer.stdout + answer.stderr
    return answer.stdout + answer.stderr


def test_who_is_asked_about(tmp_path: Path) -> None:
    """`local` asks about URLs, `ask` about everything, `always` about nothing; the default is `local`."""
    here = repository.Repository("p", "n", "/r", "main")
    there = repository.Repository("p", "n", "https://example.org/r.git", "")
    config = tmp_path / "podium.toml"
    assert (trust.asks_for(here, config), trust.asks_for(there, config)) == (False, True)
    for policy, asked in (("local", (False, True)), ("ask", (True, True)), ("always", (False, False))):
        config.write_text(f'[runner]\ntrust_repository = "{policy}"\n')
        assert (trust.asks_for(here, config), trust.asks_for(there, config)) == asked


def test_what_is_shown_and_kept(place: Path, tmp_path: Path) -> None:
    """The committed file counts, not the checkout; its hash is kept where the runner looks; new content asks anew."""
    installation = Installation(tmp_path / "data")
    (place / ".podium.toml").write_text('setup = "uncommitted"\n')
    wish = trust.wish_of(repository.locate(str(place)))
    assert wish is not None
    assert wish.digest == hashlib.sha256(FILE.encode()).hexdigest()
    assert wish.commands == (("setup", "npm ci"), ("checks", "make lint"), ("checks", "pytest -q"), ("copy", ".env"))
    assert not trust.is_confirmed(installation, wish)
    trust.confirm(installation, wish)
    assert (installation.confirmed_dir / wish.digest).stat().st_mode & 0o777 == 0o600
    commit(place, 'setup = "other"\n')
    again = trust.wish_of(repository.locate(str(place)))
    assert again is not None
    assert not trust.is_confirmed(installation, again)
    commit(place, 'agent = "x"\n')
    assert trust.wish_of(repository.locate(str(place))) is None


def test_trust_at_the_command_line(place: Path, tmp_path: Path) -> None:
    """`podium run` on a URL without a terminal is refused and names `podium trust`; that records, also by URL."""
    data, url = tmp_path / "data", f"file://{place}"
    told = call(data, "run", "x", "--repo", url, code=exits.REFUSED)
    assert "npm ci" in told
    assert f"podium trust --repo {url}" in told
    done = json.loads(call(data, "trust", "--repo", url, "--output", "json", code=exits.OK))
    assert done["commands"][0] == {"key": "setup", "command": "npm ci"}
    assert (Installation(data).confirmed_dir / done["digest"]).exists()
    assert "cannot be read" in call(data, "trust", "--repo", f"file://{tmp_path}/nowhere", code=exits.NOT_FOUND)
