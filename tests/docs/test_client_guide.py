"""docs/client.md, example by example, on a real installation."""

import asyncio
from pathlib import Path

from tests.docs.examples import examples, run
from tests.support.installation import LocalInstallation


async def test_every_example_runs(tmp_path: Path):
    """Each block of Python on the page runs as it stands, in the page's order, without a warning."""
    blocks = examples("client.md")
    assert len(blocks) == 6
    printed = []
    async with LocalInstallation(tmp_path) as podium:
        for block in blocks:
            printed.append(await asyncio.to_thread(run, block, podium.installation.data_dir))
    assert printed[0] == "1 Let people pay\n"
    assert printed[2].startswith("changed: Ship it by user:")
    assert printed[3].startswith("Hello Anna. ")
    assert "['zsh']" in printed[4] and "connected" in printed[4]
    assert printed[5].splitlines()[:2] == ["2 Ship it", "1 Let people pay"]
    assert printed[5].splitlines()[2].startswith("PROJECT_NOT_FOUND: ")
