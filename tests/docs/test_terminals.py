"""Every command and setting of docs/terminals.md is executed."""

import asyncio
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from podium.cli import opening, repository
from podium.runner.settings import parse
from tests.docs.blocks import blocks, commands
from tests.support.at_a_terminal import AtATerminal
from tests.support.installation import LocalInstallation

PAGE = "docs/terminals.md"
AT_A_TERMINAL = ("podium session new", "podium attach")


@pytest.mark.timeout(240)
async def test_its_commands_work_in_their_order(tmp_path: Path) -> None:
    """Those that need a terminal get one, and are left by Ctrl-] where they do not end."""
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "Makefile").write_text("test:\n\t@echo tested; exit 0\n")
    subprocess.run(["git", "init", "--quiet", str(repo)], check=True)
    claude = {"command": "false", "interactive": ["/bin/sh", "-c", 'cat "$PODIUM_INSTRUCTIONS"; read x']}
    async with LocalInstallation(tmp_path, profiles={"claude": claude}) as local:
        async with local.client() as podium:
            project = repository.locate(str(repo))
            await opening.ensure_project(podium, project)
            for number in range(1, 5):
                await opening.create_task(podium, project.project_id, f"Task {number}")
        lines = [line.partition("  #")[0].strip() for line in commands(PAGE)]
        assert len(lines) >= 12
        for line in lines:
            await asyncio.to_thread(run, local, repo, line)


def run(local: LocalInstallation, repo: Path, line: str) -> None:
    """A line as it stands: at a terminal, or as in a script where it does not stay."""
    plain, _, target = line.partition(" > ")
    if target or not plain.startswith(AT_A_TERMINAL) or {"--detach", "json"} & set(plain.split()):
        in_a_script(local, repo, plain, repo / (target or "said"))
        return
    terminal = AtATerminal(local.installation, repo, *shlex.split(plain)[1:])
    terminal.sees("Ctrl-] detaches")
    if "make test" in plain:
        terminal.sees("tested")
    else:
        if "--task 4" in plain:
            terminal.sees("Task #4: Task 4")
        terminal.presses("\x1d")
    assert terminal.ends() == 0, (line, terminal.child.before)


def in_a_script(local: LocalInstallation, repo: Path, line: str, target: Path) -> None:
    environment = os.environ | {"PODIUM_DATA_DIR": str(local.installation.data_dir)}
    command = [sys.executable, "-m", "podium.cli.main", *shlex.split(line)[1:]]
    done = subprocess.run(command, env=environment, cwd=repo, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (line, done.stdout, done.stderr)
    target.write_text(done.stdout)
    if "attach tests" in line:
        assert "tested" in done.stdout


def test_its_settings_are_known() -> None:
    """The table is what the runner takes."""
    (text,) = blocks(PAGE, "toml")
    told = tomllib.loads(text)
    settings = parse(told["runner"], told["profiles"])
    assert settings.terminals == 16
    assert settings.profiles["mine"].interactive == ["my-agent"]
    assert settings.profiles["mine"].pty
