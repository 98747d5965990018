"""deploy/compose.yaml says only what the programs understand, and its targets together carry a pod to landing."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from pathlib import Path

import pytest

from podium.chassis.settings import ENV_PREFIX, ServiceSettings
from podium.client import Podium
from podium.client.installation import SERVICES, Installation
from podium.gateway.settings import GatewaySettings
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.supervisor.health import serving
from tests.support.installation import to_toml
from tests.support.shop import is_green, make_shop
from tests.support.story import approve_all, open_pod

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = (DEPLOY / "compose.yaml").read_text()
LIMIT_SECONDS = 60.0

pytestmark = pytest.mark.timeout(240)


def test_every_target_is_there_once() -> None:
    """Each service runs one target of `podium serve`, under its name; none is missing."""
    services = dict(re.findall(r"^  ([a-z-]+):\n    <<: \*podium\n    command: \[([a-z-]+)\]$", COMPOSE, re.MULTILINE))
    assert services == {name: name for name in SERVICES}
    assert COMPOSE.count("command:") == len(SERVICES)
    assert 'ENTRYPOINT ["podium", "serve"]' in (DEPLOY / "Dockerfile").read_text()


def test_every_variable_is_a_setting() -> None:
    """A variable that no program reads would be a setting that is silently not in force."""
    known = {f"{ENV_PREFIX}{each.name.upper()}" for each in fields(ServiceSettings)}
    known |= {f"{ENV_PREFIX}GATEWAY_{each.name.upper()}" for each in fields(GatewaySettings)}
    used = set(re.findall(r"^ +(PODIUM_[A-Z_]+):", COMPOSE, re.MULTILINE))
    assert used <= known
    assert "PODIUM_DATA_DIR" in used


def test_the_web_is_open_to_this_host_only() -> None:
    """The gateway listens everywhere inside, and is published on loopback."""
    assert "PODIUM_GATEWAY_HOST: 0.0.0.0" in COMPOSE
    assert re.findall(r"ports: (.*)", COMPOSE) == ['["127.0.0.1:3000:3000"]']


def test_docker_understands_it() -> None:
    """`docker compose config` accepts the file, where docker is."""
    command = ["docker", "compose", "-f", str(DEPLOY / "compose.yaml"), "config", "--quiet"]
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip("docker compose is not here")
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


@asynccontextmanager
async def served(installation: Installation, logs: Path) -> AsyncIterator[dict[str, asyncio.subprocess.Process]]:
    """Every target by `podium serve`, in compose's environment, all at once; ended in order by SIGTERM."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)} | {
        "PODIUM_DATA_DIR": str(installation.data_dir),
        "PODIUM_LOG_FORMAT": "json",
        "PODIUM_GATEWAY_HOST": "0.0.0.0",
        "PODIUM_GATEWAY_PORT": "0",
    }
    running: dict[str, asyncio.subprocess.Process] = {}
    try:
        for name in SERVICES:
            with (logs / f"{name}.log").open("wb") as log:
                running[name] = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "podium.cli.main", "serve", name), env=environment, stdout=log, stderr=log
                )
        async with asyncio.timeout(LIMIT_SECONDS):
            while not all([await serving(installation.address(name)) for name in SERVICES]):
                for name, process in running.items():
                    assert process.returncode is None, (logs / f"{name}.log").read_text()
        yield running
    finally:
        for process in reversed(running.values()):
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        for name, process in running.items():
            async with asyncio.timeout(LIMIT_SECONDS):
                assert await process.wait() == 0, (logs / f"{name}.log").read_text()


async def test_the_targets_carry_a_pod_to_landing(tmp_path: Path) -> None:
    """Unsupervised, in any order of start, with settings from the environment: from words to a landed commit."""
    shop = make_shop(tmp_path)
    installation = Installation(tmp_path / "data")
    installation.data_dir.mkdir(mode=0o700)
    installation.config_file.write_text(to_toml({"profiles": {"play": shop.profile}}))
    async with served(installation, tmp_path):
        key = installation.key_file.read_bytes().strip()
        token = issue_token(key, Identity(CallerKind.PERSON, "anna"))
        async with Podium.connect(installation=installation, token=token) as podium:
            pod = await open_pod(podium, shop.repository, "Mend the shop", "play")
            done = await approve_all(podium, pod.pod_id)
        assert done.review.landed_commit == shop.git("rev-parse", "main")
    assert is_green(shop)
