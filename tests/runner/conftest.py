"""What the runner's tests share: a git that knows nothing of this machine's user, and a small repository."""

import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from podium.runner.layout import Layout
from podium.runner.processes.journal import Journal
from podium.runner.workspaces.service import Place, Workspaces
from tests.runner.house import House, house
from tests.runner.repo import Repo, make_repo
from tests.runner.team import Team


@pytest.fixture(autouse=True)
def _own_git_configuration(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path_factory.mktemp("home")
    config = home / "gitconfig"
    config.write_text("[user]\n\tname = Ann\n\temail = ann@example.org\n[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(home))
    return config


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Its path has a space and letters beyond ASCII: everything is tested with them."""
    return make_repo(tmp_path / "mein Projekt größer")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout.of(tmp_path / "data dir", "runner-1")
    made.ensure()
    return made


@pytest.fixture
def workspaces(layout: Layout) -> Workspaces:
    return Workspaces(layout, Journal(layout.processes), "local", time.monotonic)


@pytest.fixture
def place(repo: Repo) -> Place:
    return Place(str(repo.path), "podium/abc-title", "main")


@pytest.fixture
def environment() -> Callable[[], dict[str, str]]:
    return lambda: {k: v for k, v in os.environ.items() if k in ("PATH", "HOME")}


@pytest.fixture
def team(workspaces: Workspaces, place: Place, repo: Repo) -> Team:
    return Team(workspaces, place, repo)


@pytest.fixture
async def at_home(tmp_path: Path, repo: Repo) -> AsyncIterator[House]:
    """A house whose runner the test starts."""
    async with house(tmp_path, repo) as made:
        yield made
