"""The sample repository as a test's own, with its agent held at a gate until the test opens it."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parents[2] / "examples" / "shop"


@dataclass(frozen=True, slots=True)
class Shop:
    """The repository, the scenario that plays in it, and the gate at which its workers wait."""

    repository: Path
    scenario: Path
    gate: Path

    @property
    def profile(self) -> dict[str, Any]:
        """Its agent, for `[profiles.x]`."""
        return {"kind": "scripted", "scenario": str(self.scenario)}

    def open_gate(self) -> None:
        """Lets the workers go on."""
        self.gate.touch()

    def git(self, *arguments: str) -> str:
        """The output of a git command in the repository."""
        done = subprocess.run(
            ["git", "-C", str(self.repository), *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


def make_shop(tmp_path: Path, *, gated: bool = False, question: str = "") -> Shop:
    """A fresh copy. With `gated`, workers stop where they would only linger, until `open_gate`.

    `question` is the argument of an `ask` step, in TOML; the worker of checkout asks it first.
    """
    play, gate = tmp_path / "play", tmp_path / "gate"
    shutil.copytree(EXAMPLE, play, ignore=shutil.ignore_patterns("__pycache__"))
    scenario = play / "scenario.toml"
    text = scenario.read_text()
    linger = "{ sleep = 0.6 }"
    assert linger in text, "the scenario's workers no longer linger: choose another place for the gate"
    scenario.write_text(text.replace(linger, f'{{ wait_for = "{gate}" }}' if gated else "{ sleep = 0 }"))
    if question:
        first = '{ progress = "Building on money and stock" }'
        scenario.write_text(scenario.read_text().replace(first, f"{{ ask = {question} }}"))
    repository = tmp_path / "shop"
    (play / "repository").rename(repository)
    shop = Shop(repository, scenario, gate)
    shop.git("init", "--quiet", "--initial-branch=main")
    shop.git("add", "--all")
    shop.git("-c", "user.name=Test", "-c", "user.email=test@localhost", "commit", "--quiet", "-m", "The shop as it was")
    return shop


def is_green(shop: Shop) -> bool:
    """Whether the sample's own tests pass in the checkout."""
    done = subprocess.run(
        ["python3", "-m", "unittest", "discover", "-q", "-t", ".", "-s", "tests"],
        cwd=shop.repository,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0
