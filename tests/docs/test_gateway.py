"""Every command, call and setting of docs/gateway.md is executed."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from podium.client import signin
from podium.gateway.settings import GatewaySettings, parse
from tests.docs.blocks import blocks, commands
from tests.docs.test_readme import run
from tests.support.installation import LocalInstallation

PAGE = "docs/gateway.md"


async def test_its_commands_and_calls_answer(tmp_path: Path) -> None:
    """`podium …` lines succeed, and the curl lines print what the page promises."""
    async with LocalInstallation(tmp_path, gateway={"port": 0}) as place:
        await place.until(
            lambda state: all(each["state"] == "ready" for each in state["services"]), "the gateway ready too"
        )
        data_dir = place.installation.data_dir
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PODIUM_")}
        environment |= {"PODIUM_DATA_DIR": str(data_dir), "BROWSER": "true"}
        lines = commands(PAGE)
        assert {"podium up", "podium open", "podium open --print", "podium status"} <= set(lines)
        for line in lines:
            said = run(line, tmp_path, environment)
            assert said.returncode == 0, (line, said.stdout, said.stderr)
        gateway = signin.find_gateway(place.installation)
        assert gateway is not None
        said = run("podium open --print", tmp_path, environment)
        assert said.stdout.startswith(f"{gateway.url}/#token=o1.")
        if shutil.which("curl") is None:
            pytest.skip("no curl here")
        script = next(block for block in blocks(PAGE, "sh") if "curl" in block)
        assert "~/.local/share/podium" in script and "http://127.0.0.1:3000" in script
        script = script.replace("~/.local/share/podium", str(data_dir)).replace("http://127.0.0.1:3000", gateway.url)
        script = script.replace("curl -sN", "curl --max-time 2 -sN")
        answer = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=40, check=False)
        projects, pods = answer.stdout[:2], answer.stdout[2:]
        assert (projects, '"synced": true' in pods) == ("{}", True), answer


def test_its_settings_are_the_defaults() -> None:
    """The page's table of settings is what the gateway takes, and says the defaults."""
    (block,) = blocks(PAGE, "toml")
    table = tomllib.loads(block)["gateway"]
    assert parse(table) == GatewaySettings()
    assert set(table) == set(GatewaySettings.__dataclass_fields__)
