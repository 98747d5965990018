"""One value of podium.toml is changed, and nothing else."""

import tomllib
from pathlib import Path

import pytest

from podium.cli import config_file
from podium.cli.exits import CliError

COMMENTED = """# mine
[services]
log_level = "debug"  # for now

[runner]  # this machine
pools = ["default"]
capacity = 4   # agents
[runner.labels]
capacity = "not this one"

[profiles.mine]
command = "my-agent"
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (COMMENTED, COMMENTED.replace("capacity = 4   # agents", "capacity = 7   # agents")),
        ("", "[runner]\ncapacity = 7\n"),
        ("[gateway]\nport = 0\n", "[gateway]\nport = 0\n\n[runner]\ncapacity = 7\n"),
        ("[runner]\n[runner.labels]\na = 'b'\n", "[runner]\ncapacity = 7\n[runner.labels]\na = 'b'\n"),
        ("[runner]\ncapacity=4", "[runner]\ncapacity=7\n"),
    ],
)
def test_only_the_number_changes(tmp_path: Path, before: str, after: str) -> None:
    """Comments, order and other tables stay; a missing file, table or entry is made."""
    path = tmp_path / "podium.toml"
    if before:
        path.write_text(before)
        path.chmod(0o640)
    config_file.set_number(path, "runner", "capacity", 7)
    assert path.read_text() == after
    assert tomllib.loads(after)["runner"]["capacity"] == 7
    assert path.stat().st_mode & 0o777 == (0o640 if before else 0o600)
    assert [found.name for found in tmp_path.iterdir()] == ["podium.toml"]


@pytest.mark.parametrize(
    "before", ["runner = { capacity = 4 }\n", "runner.capacity = 4\n", 'x = """\n[runner]\ncapacity = 4\n"""\n']
)
def test_what_it_does_not_understand_is_left_alone(tmp_path: Path, before: str) -> None:
    """Written in another way: refused, with what to do; the file is as it was."""
    path = tmp_path / "podium.toml"
    path.write_text(before)
    with pytest.raises(CliError) as refused:
        config_file.set_number(path, "runner", "capacity", 7)
    assert "capacity = 7" in refused.value.hint
    assert path.read_text() == before


def test_a_broken_file_is_not_made_worse(tmp_path: Path) -> None:
    """No TOML: says where."""
    path = tmp_path / "podium.toml"
    path.write_text("[runner\n")
    with pytest.raises(CliError, match=r"podium\.toml"):
        config_file.set_number(path, "runner", "capacity", 7)
    assert path.read_text() == "[runner\n"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """Settings kept elsewhere are changed there."""
    kept = tmp_path / "dotfiles.toml"
    kept.write_text("[runner]\ncapacity = 1\n")
    link = tmp_path / "podium.toml"
    link.symlink_to(kept)
    config_file.set_number(link, "runner", "capacity", 2)
    assert link.is_symlink()
    assert kept.read_text() == "[runner]\ncapacity = 2\n"
