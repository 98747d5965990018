"""docs/client.md, example by example, on a real installation."""

import asyncio
import subprocess
import sys
from pathlib import Path

from tests.docs.examples import ROOT, examples, run
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


def test_the_examples_are_typed(tmp_path: Path):
    """What a reader writes like them passes mypy's strict rules: requests, answers and items have their types."""
    files = [tmp_path / f"example_{number}.py" for number, _ in enumerate(examples("client.md"))]
    for file, block in zip(files, examples("client.md"), strict=True):
        file.write_text(block.source)
    words = [sys.executable, "-m", "mypy", "--strict", *map(str, files)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
