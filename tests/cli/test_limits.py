"""`podium limits` where nothing runs."""

import json
from pathlib import Path

from click.testing import CliRunner

from podium.cli.commands.limits import limits


def test_it_is_set_for_the_next_start(tmp_path: Path) -> None:
    """The file has it, and that is said; without a number there is nothing to show, and that is an error."""
    runner = CliRunner()
    done = runner.invoke(limits, ["7", "--data-dir", str(tmp_path), "--output", "json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["agents"] == 7
    assert (tmp_path / "podium.toml").read_text() == "[runner]\ncapacity = 7\n"
    assert runner.invoke(limits, ["--data-dir", str(tmp_path)]).exit_code != 0
    assert runner.invoke(limits, ["0", "--data-dir", str(tmp_path)]).exit_code == 2
