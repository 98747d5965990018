"""docs/runner.md: its settings are read, its repository file runs, its commands work in their order."""

import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from podium.pods.v1 import pod_pb2
from podium.runner.settings import load_settings
from podium.runner.workspaces.repository_file import RepositoryFile
from tests.docs.blocks import blocks, commands
from tests.support.installation import LocalInstallation
from tests.support.story import open_pod, until

PAGE = "docs/runner.md"
AGENT = """#!/bin/sh
echo "print('hello $PODIUM_ATTEMPT')" > src/app.py
cp "$PODIUM_INSTRUCTIONS" "{place}/told-$PODIUM_ATTEMPT"
podium agent complete "Greets"
"""


def repository_file() -> str:
    return blocks(PAGE, "toml")[0]


def test_its_settings_are_read(tmp_path: Path) -> None:
    """Both files, as they stand."""
    parsed = RepositoryFile.model_validate(tomllib.loads(repository_file()))
    assert (parsed.agent, parsed.copy_files, parsed.limit_of("checks")) == ("mine", [".env", "config/local.json"], 300)
    (tmp_path / "podium.toml").write_text(blocks(PAGE, "toml")[1])
    settings = load_settings(tmp_path / "podium.toml")
    assert (settings.capacity, settings.trust_repository) == (6, "ask")
    assert settings.forges == {"git.example.org": "gitlab"}
    assert settings.profiles["mine"].time_limit_seconds == 3600


def git(place: Path, *words: str) -> None:
    identity = ["-c", "user.name=Reader", "-c", "user.email=reader@localhost"]
    subprocess.run(["git", *identity, *words], cwd=place, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """With the page's own `.podium.toml`, a test that its checks run, and a remote."""
    place = tmp_path / "your repository"
    (place / "src").mkdir(parents=True)
    (place / "src/app.py").write_text("print('nothing')\n")
    (place / "test_app.py").write_text(
        "import os, unittest\n\n\nclass Ports(unittest.TestCase):\n    def test_port(self):\n"
        "        self.assertEqual(open('build/port').read().strip(), os.environ['PODIUM_PORT_BASE'])\n"
    )
    (place / ".podium.toml").write_text(repository_file())
    (place / ".gitignore").write_text("build\n__pycache__\n")
    git(place, "init", "-q", "-b", "main")
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "base")
    git(place, "clone", "-q", "--bare", ".", str(tmp_path / "there.git"))
    git(place, "remote", "add", "origin", str(tmp_path / "there.git"))
    return place


def rests(pod: pod_pb2.Pod) -> bool:
    """It waits for its reviewer, for a pull request, or for nothing any more."""
    review = pod.review
    waiting = pod.phase == pod_pb2.PHASE_REVIEW and review.verified and not pod.jobs
    decided = bool(review.approved_commit) and not review.proposed_commit
    return pod.phase == pod_pb2.PHASE_COMPLETED or (waiting and not decided)


@pytest.mark.timeout(240)
async def test_its_commands_work(tmp_path: Path, repository: Path) -> None:
    """Each line as it stands, from the review through a pull request to the branch, on a pod of a command agent."""
    script = tmp_path / "my-agent"
    script.write_text(AGENT.format(place=tmp_path))
    script.chmod(0o755)
    async with LocalInstallation(tmp_path, profiles={"mine": {"command": [str(script)]}}) as place:
        environment = os.environ | {"PODIUM_DATA_DIR": str(place.installation.data_dir)}
        async with place.client() as podium:
            pod = await open_pod(podium, repository, "Greet", "mine", quick=True)
            found = commands(PAGE)
            assert len(found) >= 10
            for line in found:
                await until(podium, pod.pod_id, rests, f"rest before {line}")
                words = [sys.executable, "-m", "podium.cli.main", *shlex.split(line)[1:]]
                done = subprocess.run(
                    words, env=environment, cwd=repository, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, line + "\n" + done.stdout + done.stderr
            landed = await until(podium, pod.pod_id, rests, "the end")
    assert landed.phase == pod_pb2.PHASE_COMPLETED
    last = landed.workstreams[0].attempts[-1].number  # the second, where no lease ended on a machine that is too busy
    assert (repository / "src/app.py").read_text() == f"print('hello {last}')\n"
    told = (tmp_path / f"told-{last}").read_text()
    assert "`src/app.py:1-2`: Greet by name" in told
    assert "And keep it short." in told
    assert landed.external_sync.state == "to_open"
