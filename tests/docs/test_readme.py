"""Every command, example and setting of the README is executed."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from podium.pods.v1.pod_pb2 import WAITING_KIND_ANSWER, WAITING_KIND_APPROVAL
from tests.docs.blocks import ROOT, blocks, commands
from tests.support.installation import LocalInstallation
from tests.support.story import until

DONE_OR_NOT_POSSIBLE_NOW = {0, 3, 4, 5, 7, 8}
"""Documented exit codes; 1 (something failed) and 2 (wrong command line) would mean that the README is wrong."""

BY_PEOPLE = {WAITING_KIND_APPROVAL, WAITING_KIND_ANSWER}
"""Not "the planner waits for a runner"."""


def talking_agent(folder: Path) -> Path:
    """An agent made of the README's own `podium agent` lines, said when they fit."""
    lines = [line for line in commands("README.md") if line.startswith("podium agent ")]
    by_verb = {line.split()[2]: line for line in lines}
    assert set(by_verb) == {"submit-spec", "submit-plan", "progress", "ask", "complete"}
    plan = 'summary = "One step."\n[[items]]\nid = "limiter"\ntitle = "Limiter"\ndescription = "Add it."\n'
    script = folder / "my-agent"
    script.write_text(
        '#!/bin/sh\nset -e\ncd "${PWD}"\ncase $PODIUM_KIND in\n'
        f"spec_writer) cd {folder}; echo '# Limits' > spec.md; {by_verb['submit-spec']};;\n"
        f"planner) cd {folder}; printf '%s' '{plan}' > plan.toml; {by_verb['submit-plan']};;\n"
        f"worker) {by_verb['progress']}; {by_verb['ask']} > answer.txt;;\n"
        f"esac\ncd - >/dev/null 2>&1 || true\n{by_verb['complete']}\n"
    )
    script.chmod(0o755)
    return script


def git(place: Path, *words: str) -> None:
    identity = ["-c", "user.name=Reader", "-c", "user.email=reader@localhost"]
    subprocess.run(["git", *identity, *words], cwd=place, check=True)


def run(line: str, cwd: Path, environment: Mapping[str, str], timeout: float = 40) -> subprocess.CompletedProcess[str]:
    words = shlex.split(line)
    assert words[0] == "podium"
    command = [sys.executable, "-m", "podium.cli.main", *words[1:]]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    place = tmp_path / "your-repository"
    place.mkdir()
    git(place, "init", "-q", "-b", "main")
    (place / "app.py").write_text("print('hello')\n")
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "base")
    return place


async def test_the_readme_commands_do_what_they_say(tmp_path: Path, repository: Path) -> None:
    """The run of the README, by an agent made of its own lines; then every other command of its tables."""
    script = talking_agent(tmp_path)
    profile = {"command": [str(script)], "result": "report"}
    async with LocalInstallation(tmp_path, profiles={"mine": profile}) as place, place.client() as client:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PODIUM_")},
            "PODIUM_DATA_DIR": str(place.installation.data_dir),
            "EDITOR": "true",
        }
        lines = commands("README.md")
        start = next(line for line in lines if line.startswith("podium run "))
        begun = run(f"{start} --agent mine -d", repository, environment)
        assert begun.returncode == 0, begun.stdout + begun.stderr
        (summary,) = (await client.pods.ListPods(request_all())).pods
        for waiting, line in (
            ("spec", "podium approve 1"),
            ("plan", "podium approve 1"),
            ("Which database?", "podium answer 1 sqlite"),
            ("review", "podium approve 1"),
        ):
            await until(
                client,
                summary.pod_id,
                lambda pod, w=waiting: any(
                    x.kind in BY_PEOPLE and (w == x.subject or w in x.text) for x in pod.waiting_on
                ),
                waiting,
            )
            said = run(line, repository, environment)
            assert said.returncode == 0, (waiting, said.stdout, said.stderr)
        await until(client, summary.pod_id, lambda pod: bool(pod.review.landed_commit), "landed")
        assert (repository / "answer.txt").read_text().strip() == "sqlite"
        for line in lines:
            others_run_it = line.startswith(("podium run ", "podium agent ", "podium down"))
            if not others_run_it:
                filled = line.replace("AGENT -f", "AGENT").replace("AGENT", "agent_x").replace("WORKSTREAM", "limiter")
                said = run(filled, repository, environment)
                assert said.returncode in DONE_OR_NOT_POSSIBLE_NOW, (line, said.stdout, said.stderr)


def request_all():  # type: ignore[no-untyped-def]
    from podium.pods.v1.pod_service_pb2 import ListPodsRequest

    return ListPodsRequest()


def test_the_readme_settings_are_read(tmp_path: Path) -> None:
    """Its podium.toml and .podium.toml are what the programs take."""
    import tomllib

    from podium.runner.settings import load_settings
    from podium.runner.workspaces.repository_file import RepositoryFile

    settings, repository_file = blocks("README.md", "toml")
    config = tmp_path / "podium.toml"
    config.write_text(settings)
    assert load_settings(config).profiles["mine"].result == "exit"
    parsed = RepositoryFile.model_validate(tomllib.loads(repository_file))
    assert parsed.agent == "mine"


def test_the_readme_make_targets_exist() -> None:
    """`make` knows each target that a page names."""
    makefile = (ROOT / "Makefile").read_text()
    for line in [line for block in blocks("README.md", "sh") for line in block.splitlines()]:
        if line.startswith("make "):
            assert f"\n{line.split()[1]}:" in makefile
