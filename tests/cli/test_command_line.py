"""The command line as a whole: help, laziness, errors, exit codes, completion."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from podium.cli import checks, exits, supervision
from podium.cli.failures import explain, report
from podium.cli.findings import Finding
from podium.cli.main import COMMANDS, cli
from podium.client.errors import make_error
from podium.client.installation import Installation


def podium(tmp_path: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """The real program, in an installation of its own where nothing runs."""
    return subprocess.run(
        [sys.executable, "-m", "podium.cli.main", *arguments],
        env=os.environ | {"PODIUM_DATA_DIR": str(tmp_path / "data")} | environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def names() -> list[str]:
    return [name for section in COMMANDS.values() for name in section if name not in {"agent", "session", "store"}]


@pytest.mark.parametrize("name", names())
def test_every_command_has_help(name: str) -> None:
    """Each name of the table leads to a command whose help says what it does, and takes `--output`."""
    import click

    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.help
    options = {option for parameter in command.params for option in parameter.opts}
    assert name in {"completion", "serve"} or "--output" in options


@pytest.mark.parametrize("name", ["new", "close"])
def test_the_commands_of_sessions_have_help(name: str) -> None:
    """So have those of `podium session`."""
    import click

    group = cli.get_command(click.Context(cli), "session")
    assert isinstance(group, click.Group)
    command = group.commands[name]
    assert command.help
    assert "--output" in {option for parameter in command.params for option in parameter.opts}


def test_help_loads_neither_grpc_nor_rich() -> None:
    """`podium --help` starts at once because it imports nothing heavy."""
    code = (
        "import sys; from podium.cli.main import cli; cli.main(['--help'], standalone_mode=False);"
        "heavy = {'grpc', 'rich', 'google.protobuf', 'asyncio'} & set(sys.modules); sys.exit(', '.join(heavy) or 0)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "Exit codes" in answer.stdout


def test_not_running_is_said_with_its_remedy(tmp_path: Path) -> None:
    """A command without services ends with 3 and names `podium up`."""
    answer = podium(tmp_path, "ls")
    assert answer.returncode == exits.UNAVAILABLE
    assert "podium up" in answer.stderr
    assert podium(tmp_path, "status").returncode == exits.UNAVAILABLE
    assert podium(tmp_path, "down").returncode == exits.OK


def test_errors_as_json(tmp_path: Path) -> None:
    """With `--output json` the error is one JSON object on standard error."""
    answer = podium(tmp_path, "show", "3", "--output", "json")
    problem = json.loads(answer.stderr)["error"]
    assert problem["exit_code"] == answer.returncode == exits.UNAVAILABLE
    assert "podium up" in problem["hint"]


def test_wrong_usage_is_two(tmp_path: Path) -> None:
    """Unknown commands and options, and a task said twice or not at all, are usage errors."""
    assert podium(tmp_path, "frobnicate").returncode == exits.USAGE
    assert podium(tmp_path, "ls", "--frobnicate").returncode == exits.USAGE
    assert podium(tmp_path, "run").returncode == exits.USAGE
    assert podium(tmp_path, "run", "do it", "--task", "3").returncode == exits.USAGE


def test_run_outside_of_a_repository(tmp_path: Path) -> None:
    """`podium run` where there is no repository says so and starts nothing."""
    answer = podium(tmp_path, "run", "do it")
    assert answer.returncode == exits.NOT_FOUND
    assert "git init" in answer.stderr
    assert not supervision.is_running(Installation(tmp_path / "data"))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(tmp_path: Path, shell: str) -> None:
    """Each shell gets its script."""
    answer = podium(tmp_path, "completion", shell)
    assert answer.returncode == 0, answer.stderr
    assert "_PODIUM_COMPLETE" in answer.stdout


def test_completion_completes(tmp_path: Path) -> None:
    """The completion offers the commands that begin so."""
    words = {"_PODIUM_COMPLETE": "bash_complete", "COMP_WORDS": "podium se", "COMP_CWORD": "1"}
    answer = subprocess.run(
        [str(Path(sys.executable).parent / "podium")],
        env=os.environ | words,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "sessions" in answer.stdout


@pytest.mark.parametrize(
    ("code", "reason", "exit_code"),
    [
        ("UNAVAILABLE", "NOT_READY", exits.UNAVAILABLE),
        ("NOT_FOUND", "POD_NOT_FOUND", exits.NOT_FOUND),
        ("FAILED_PRECONDITION", "STALE_VERSION", exits.REFUSED),
        ("UNAUTHENTICATED", "UNAUTHENTICATED", exits.DENIED),
        ("PERMISSION_DENIED", "CALLER_NOT_ALLOWED", exits.DENIED),
        ("INTERNAL", "INTERNAL", exits.FAILED),
    ],
)
def test_each_family_of_errors_has_its_exit_code(code: str, reason: str, exit_code: int) -> None:
    """The documented table holds for what services answer."""
    assert explain(make_error(code, reason, "no")).code == exit_code
    assert exit_code in exits.TABLE


def test_doctor_names_remedies(tmp_path: Path) -> None:
    """What is missing or wrong comes with how to mend it."""
    assert checks.git_version("git version 2.39.5").state == "ok"
    assert checks.git_version("git version 2.30.1").state == "problem"
    assert checks.git_version(None).remedy
    assert checks.git_identity("A", None).remedy.startswith("git config")
    assert checks.node_version("v20.1.0\n").state == "ok"
    assert checks.node_version(None).state == "warning"
    open_dir = tmp_path / "open"
    open_dir.mkdir(mode=0o755)
    assert checks.data_directory(Installation(open_dir)).remedy == f"chmod 700 {open_dir}"


def test_doctor_looks_at_the_web_port(tmp_path: Path) -> None:
    """A free port is fine; of a taken one it says which is used instead, and how to choose another."""
    place = Installation(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        place.config_file.write_text(f"[gateway]\nport = {port}\n")
        found = checks.web_port(place)
        assert found.state == "warning"
        assert f"{port} is taken by another program; " in found.text
        assert "[gateway]" in found.remedy
    assert checks.web_port(place) == Finding("web port", "ok", f"{port} on 127.0.0.1 is free")
    place.config_file.write_text("[gateway]\nport = 0\n")
    assert checks.web_port(place).state == "ok"


def test_doctor_fails_for_what_blocks_alone(tmp_path: Path) -> None:
    """Warnings end with 0; a data directory that others can read ends with 1."""
    assert podium(tmp_path, "doctor").returncode == exits.OK
    (tmp_path / "data").mkdir(mode=0o755)
    assert podium(tmp_path, "doctor").returncode == exits.FAILED


def test_doctor_runs(tmp_path: Path) -> None:
    """`podium doctor --output json` lists its findings."""
    answer = podium(tmp_path, "doctor", "--output", "json")
    assert {"git", "disk", "services"} <= {finding["name"] for finding in json.loads(answer.stdout)}


def test_bytes_that_are_no_text_are_usage(tmp_path: Path) -> None:
    """As an argument or on standard input: a sentence, no traceback, and nothing is started."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    command = [sys.executable, "-m", "podium.cli.main", "run", "-"]
    environment = os.environ | {"PODIUM_DATA_DIR": str(tmp_path / "data")}
    answer = subprocess.run(command, input=b"\xff\xfe", cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert answer.returncode == exits.USAGE
    assert b"standard input is not UTF-8" in answer.stderr and b"Traceback" not in answer.stderr
    with pytest.raises(UnicodeEncodeError) as problem:
        "do \udcff it".encode()
    assert report(problem.value) == exits.USAGE


def test_a_base_branch_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    """With those that there are; nothing is started for it."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=T", "-c", "user.email=t@localhost"]
    subprocess.run(["git", "init", "-q", "-b", "trunk", str(tmp_path)], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "base"], check=True)
    answer = podium(tmp_path, "run", "do it", "--base", "main")
    assert answer.returncode == exits.NOT_FOUND
    assert "has no branch main" in answer.stderr and "it has: trunk" in answer.stderr
    subprocess.run([*git, "checkout", "-q", "--detach"], check=True)
    answer = podium(tmp_path, "run", "do it")
    assert answer.returncode == exits.REFUSED
    assert "has no branch checked out" in answer.stderr and "--base" in answer.stderr
    assert not (tmp_path / "data").exists()
