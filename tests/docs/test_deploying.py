"""Every command and variable of docs/deploying.md is executed, on services that nobody supervises."""

import json
import os
import re
import urllib.request
from dataclasses import fields
from pathlib import Path

import pytest

from podium.chassis.settings import ENV_PREFIX, ServiceSettings
from podium.cli import exits, reaching
from podium.client import signin
from podium.client.installation import SERVICES, Installation
from podium.gateway.settings import GatewaySettings
from podium.kernel.identity import CallerKind, Identity, read_token
from tests.docs.blocks import ROOT, blocks, commands
from tests.docs.test_readme import run
from tests.support.installation import to_toml
from tests.support.serving import served
from tests.support.shop import make_shop

PAGE = "docs/deploying.md"

pytestmark = pytest.mark.timeout(240)


def test_its_variables_are_settings() -> None:
    """Each that the table or the examples name is read by a program."""
    known = {f"{ENV_PREFIX}{each.name.upper()}" for each in fields(ServiceSettings)}
    known |= {f"{ENV_PREFIX}GATEWAY_{each.name.upper()}" for each in fields(GatewaySettings)}
    named = set(re.findall(r"PODIUM_[A-Z_]+", (ROOT / PAGE).read_text()))
    assert named - known == {reaching.TOKEN}
    assert set(reaching.ADDRESSES.values()) <= named & known


async def test_its_commands_work(tmp_path: Path) -> None:
    """Tokens are made and taken; the commands work beside the services, and from elsewhere by the variables."""
    lines = commands(PAGE)
    assert [line for line in lines if line.startswith("podium serve")] == [f"podium serve {name}" for name in SERVICES]
    shop = make_shop(tmp_path)
    here = Installation(tmp_path / "data")
    here.data_dir.mkdir(mode=0o700)
    here.config_file.write_text(to_toml({"profiles": {"mine": shop.profile}}))
    bare = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
    beside = bare | {"PODIUM_DATA_DIR": str(here.data_dir)}
    no_key = run("podium token anna", shop.repository, beside)
    assert (no_key.returncode, "there is no key" in no_key.stderr) == (exits.FAILED, True), no_key
    async with served(here, tmp_path):
        nobody = run("podium ls", shop.repository, beside)
        assert (nobody.returncode, "podium token NAME --save" in nobody.stderr) == (exits.DENIED, True), nobody
        said = {}
        for line in [each for each in lines if not each.startswith("podium serve")]:
            answer = run(
                line.replace("https://git.example.org/shop.git", str(shop.repository)), shop.repository, beside
            )
            assert answer.returncode == exits.OK, (line, answer.stdout, answer.stderr)
            said[line] = answer.stdout
        token = said["podium token anna"].strip()
        assert read_token(here.key_file.read_bytes().strip(), token) == Identity(CallerKind.PERSON, "anna")
        assert here.person_token_file.stat().st_mode & 0o777 == 0o600
        assert "without a supervisor" in said["podium status"]
        again = run("podium up", shop.repository, beside)
        assert (again.returncode, "podium serve" in again.stderr) == (exits.REFUSED, True), again
        assert "one by one" in run("podium doctor", shop.repository, beside).stdout
        _signs_in(here, run_sign_in(here, shop.repository, beside))
        _elsewhere(here, shop.repository, tmp_path, bare, token)


def run_sign_in(here: Installation, cwd: Path, environment: dict[str, str]) -> str:
    """The address that the page's line makes, for the gateway that serves here."""
    gateway = signin.find_gateway(here)
    assert gateway is not None
    (line,) = [each for each in commands(PAGE) if "--sign-in" in each]
    return run(line.replace("http://127.0.0.1:3000", gateway.url), cwd, environment).stdout.strip()


def _signs_in(here: Installation, address: str) -> None:
    url, _, one_time = address.partition("/#token=")
    body = json.dumps({"token": one_time}).encode()
    request = urllib.request.Request(f"{url}/auth/session", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert json.load(answer)["actor"] == "user:anna"


def _elsewhere(here: Installation, cwd: Path, tmp_path: Path, bare: dict[str, str], token: str) -> None:
    """The page's variables, with the addresses and the token of this installation, from a machine that has neither."""
    (block,) = [each for each in blocks(PAGE, "sh") if "export" in each]
    names = re.findall(r"(PODIUM_\w+)=", block)
    assert names == [*reaching.ADDRESSES.values(), reaching.TOKEN]
    values = [*map(here.address, reaching.ADDRESSES), token]
    there = bare | {"PODIUM_DATA_DIR": str(tmp_path / "nothing")} | dict(zip(names, values, strict=True))
    listed = run("podium ls --output json", cwd, there)
    assert listed.returncode == exits.OK and "add rate limiting" in listed.stdout, listed
    more = run("podium run --agent mine --quick --detach 'another one'", cwd, there)
    assert more.returncode == exits.OK, more
    assert not (tmp_path / "nothing" / "run" / "supervisor.lock").exists(), "nothing is started here"
    del there["PODIUM_MAESTRO"]
    lacking = run("podium ls", cwd, there)
    assert (lacking.returncode, "PODIUM_MAESTRO" in lacking.stderr) == (exits.USAGE, True), lacking
