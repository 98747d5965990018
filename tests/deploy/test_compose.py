"""deploy/compose.yaml says only what the programs understand, and its targets together carry a pod to landing."""

import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from podium.chassis.settings import ENV_PREFIX, ServiceSettings
from podium.client import Podium
from podium.client.installation import SERVICES, Installation
from podium.gateway.settings import GatewaySettings
from podium.kernel.identity import CallerKind, Identity, issue_token
from tests.support.installation import to_toml
from tests.support.serving import served
from tests.support.shop import is_green, make_shop
from tests.support.story import approve_all, open_pod

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = (DEPLOY / "compose.yaml").read_text()

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
