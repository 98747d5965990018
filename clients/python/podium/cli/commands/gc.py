"""`podium gc`."""

import json
import subprocess
import sys

import click

from podium.cli import exits
from podium.cli.common import Cli, command
from podium.cli.exits import CliError


@click.command()
@click.option("--failed", is_flag=True, help="Also what was kept to be looked at: failed attempts, unlanded work.")
@command
def gc(cli: Cli, failed: bool) -> None:
    """Reclaim the worktrees and branches that finished pods have left."""
    # The runner's own code knows what may go; it takes the repositories' locks, so it may run beside the runner.
    arguments = [sys.executable, "-m", "podium.runner.gc", "--data-dir", str(cli.installation.data_dir)]
    answer = subprocess.run(
        [*arguments, "--failed"] if failed else arguments, capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        raise CliError("the runner's workspaces could not be looked through", answer.stderr.strip(), exits.FAILED)
    removed: list[str] = json.loads(answer.stdout)["removed"]
    listed = "".join(f"\n  {name}" for name in removed)
    cli.out.show({"removed": removed}, lambda: f"{len(removed)} removed{listed}" if removed else "nothing to reclaim")
