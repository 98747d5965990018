"""What the runner's tests share: a git that knows nothing of this machine's user, and a small repository."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from podium.runner.layout import Layout
from podium.runner.processes.journal import Journal
from podium.runner.workspaces.service import Place, Workspaces


@pytest.fixture(autouse=True)
def _own_git_configuration(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path_factory.mktemp("home")
    config = home / "gitconfig"
    config.write_text("[user]\n\tname = Ann\n\temail = ann@example.org\n[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(home))
    return config


class Repo:
    """A repository on disk, driven as a person would."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        done = subprocess.run(["git", *arguments], cwd=cwd or self.path, capture_output=True, text=True, check=True)
        return done.stdout.rstrip("\n")

    def write(self, name: str, content: str, cwd: Path | None = None) -> None:
        target = (cwd or self.path) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)

    def commit(self, message: str, files: dict[str, str], cwd: Path | None = None) -> str:
        for name, content in files.items():
            self.write(name, content, cwd)
        self.git("add", "--all", cwd=cwd)
        self.git("commit", "--quiet", "--allow-empty", "-m", message, cwd=cwd)
        return self.head(cwd=cwd)

    def head(self, name: str = "HEAD", cwd: Path | None = None) -> str:
        return self.git("rev-parse", name, cwd=cwd)

    def show(self, name: str) -> str:
        return self.git("show", name)


def make_repo(path: Path) -> Repo:
    path.mkdir(parents=True)
    repo = Repo(path)
    repo.git("init", "--quiet")
    repo.commit("first", {"README.md": "hello\n", "src/a.txt": "a\n", "src/b.txt": "b\n"})
    return repo


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
