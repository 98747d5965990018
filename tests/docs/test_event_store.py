"""Every command and setting of docs/event-store.md is executed."""

import asyncio
import json
import os
import shlex
import sys
import tomllib
from pathlib import Path

from podium.chassis.settings import load
from podium.client.installation import Installation
from tests.docs.blocks import blocks, commands

PAGE = "docs/event-store.md"


async def _podium(data_dir: Path, line: str) -> str:
    """What the command prints; it succeeds."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PODIUM_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "podium.cli.main", *shlex.split(line)[1:]),
        env=environment | {"PODIUM_DATA_DIR": str(data_dir)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, (line, err.decode())
    return out.decode()


async def test_its_commands_work_in_their_order(tmp_path: Path) -> None:
    """From `podium up` to a restored store that serves what the copy held."""
    data_dir, said = tmp_path / "data", {}
    lines = [line.partition("  #")[0].strip() for line in commands(PAGE) if "podium serve" not in line]
    assert [line for line in lines if line.startswith("podium store restore")]
    Installation(data_dir).ensure()
    try:
        for line in lines:
            said[line] = await _podium(data_dir, line.replace("BACKUP", str(tmp_path / "copy")).replace("POD", "p"))
        found = await _podium(data_dir, "podium store read notes/1 --output json")
    finally:
        await _podium(data_dir, "podium down")
    assert json.loads(found)["data"] == {"text": "hello"}
    assert "$leases" in said["podium store streams"]
    assert "all sound" in said["podium store verify"]


def test_its_settings_are_known(tmp_path: Path) -> None:
    """The table for `podium.toml` is read, and names another database."""
    (text,) = blocks(PAGE, "toml")
    (tmp_path / "podium.toml").write_text(text)
    told = tomllib.loads(text)["services"]["event-store"]["store"]
    assert load("event-store", ["--data-dir", str(tmp_path)], {}).store == told
