"""What runs in a person's session, where, and what it sees."""

from pathlib import Path

import pytest

from podium.jobs.v1.session_job_events_pb2 import SessionJobIssued, SpawnOrder, SpawnTask
from podium.runner.settings import parse
from podium.runner.terminals.spawning import SpawnError, Spawning, instructions_of, login_shell


@pytest.fixture
def spawning(tmp_path: Path) -> Spawning:
    profiles = {
        "talk": {"command": "talk --batch", "interactive": "talk {instructions}", "set_env": {"TALK": "1"}},
        "mute": {"command": "mute"},
    }
    return Spawning(parse({}, profiles).profiles, tmp_path / "bin", 1.0)


def job(tmp_path: Path, **spawn: object) -> SessionJobIssued:
    order = SpawnOrder(**{"repository": str(tmp_path), **spawn})  # type: ignore[arg-type]
    return SessionJobIssued(job_id="job_1", project_id="p", session_id="session_1", spawn=order)


def test_a_shell_as_one_logs_in(spawning: Spawning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is named: the person's shell, in the repository, in a terminal of the size that was asked for."""
    monkeypatch.setenv("SHELL", "/bin/bash")
    command = spawning.command(job(tmp_path, rows=50, columns=132), tmp_path / "i.md")
    assert command.argv == ["/bin/bash", "-l"]
    assert command.directory == tmp_path
    assert (command.terminal, command.size) == (True, (50, 132))
    assert login_shell({"SHELL": "/nowhere"})[0] != "/nowhere"
    assert spawning.command(job(tmp_path), tmp_path / "i.md").size == (24, 80)


def test_what_it_sees(spawning: Spawning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list, what the order adds, and where its tasks stand; nothing of the installation, nothing of ours."""
    monkeypatch.setenv("PODIUM_TOKEN", "secret-of-ours")
    monkeypatch.setenv("OTHER_SECRET", "theirs")
    order = job(tmp_path, env={"EDITOR": "vim", "PODIUM_SESSION_ID": "another", "TERM": "vt100"})
    seen = spawning.command(order, tmp_path / "i.md").environment
    assert {name for name in seen if name.startswith("PODIUM_")} == {
        "PODIUM_SESSION_ID",
        "PODIUM_PROJECT_ID",
        "PODIUM_INSTRUCTIONS",
    }
    assert (seen["PODIUM_SESSION_ID"], seen["EDITOR"], seen["TERM"]) == ("session_1", "vim", "vt100")
    assert "OTHER_SECRET" not in seen
    assert seen["PATH"].endswith(f":{tmp_path / 'bin'}")


def test_an_agent_to_talk_to(spawning: Spawning, tmp_path: Path) -> None:
    """Its interactive command and variables; one without, and one that is not there, say what to do."""
    command = spawning.command(job(tmp_path, agent="talk"), tmp_path / "i.md")
    assert command.argv == ["talk", str(tmp_path / "i.md")]
    assert command.environment["TALK"] == "1"
    assert spawning.command(job(tmp_path, agent="talk", command=["sh"]), tmp_path / "i.md").argv == ["sh"]
    with pytest.raises(SpawnError, match="no `interactive` command"):
        spawning.command(job(tmp_path, agent="mute"), tmp_path / "i.md")
    with pytest.raises(SpawnError, match=r"no profile 'nobody'; it has: .*talk"):
        spawning.command(job(tmp_path, agent="nobody"), tmp_path / "i.md")


def test_where_it_starts(spawning: Spawning, tmp_path: Path) -> None:
    """In the repository, below it, or elsewhere; a URL and a missing directory are refused."""
    (tmp_path / "src").mkdir()
    there = {"working_directory": "src"}
    assert spawning.command(job(tmp_path, **there), tmp_path / "i.md").directory == tmp_path / "src"
    elsewhere = job(tmp_path, repository="https://example.org/x.git", working_directory=str(tmp_path))
    assert spawning.command(elsewhere, tmp_path / "i.md").directory == tmp_path
    with pytest.raises(SpawnError, match="--directory"):
        spawning.command(job(tmp_path, repository="https://example.org/x.git"), tmp_path / "i.md")
    with pytest.raises(SpawnError, match="nowhere is no directory"):
        spawning.command(job(tmp_path, working_directory="nowhere"), tmp_path / "i.md")


def test_its_tasks_are_its_instructions() -> None:
    """Number, title, prompt and description of each."""
    tasks = [SpawnTask(id="t", number=4, title="Mend", prompt="Mend it.\n", description="It is broken.")]
    text = instructions_of(SpawnOrder(name="mine", tasks=tasks))
    assert text == "# mine\n\n## Task #4: Mend\n\nMend it.\n\nIt is broken.\n"
    assert "no task" in instructions_of(SpawnOrder(name="mine"))
