"""The git command itself: which one is new enough."""

import os
from pathlib import Path

import pytest

from podium.runner.workspaces.errors import WorkspaceError
from podium.runner.workspaces.git import check_version


async def test_git_is_new_enough() -> None:
    """The version check accepts the git that these tests run with."""
    assert (await check_version()).startswith("git version")
    assert os.environ["GIT_CONFIG_NOSYSTEM"] == "1"


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        ("git version 2.37.9", False),
        ("git version 2.38.0-rc1", True),
        ("git version 2.39.5 (Apple Git-154)", True),
        ("git version 3.0", True),
        ("nonsense", False),
    ],
)
async def test_an_old_git_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, fits: bool) -> None:
    """Below 2.38 `merge-tree` cannot do what is needed: the runner says so instead of beginning."""
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    if fits:
        assert await check_version() == said
    else:
        with pytest.raises(WorkspaceError, match=r"too old: Podium needs git 2\.38"):
            await check_version()
