"""A small repository for the runner's tests."""

import subprocess
from pathlib import Path


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
