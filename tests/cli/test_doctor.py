"""What `podium doctor` says of agents, profiles and the sandbox; with programs of its own on PATH."""

import shutil
from pathlib import Path

import pytest

from podium.cli.agents import findings, sandbox
from podium.cli.findings import Finding
from podium.client.presets import PRESETS


class Machine:
    """A PATH, a home and a podium.toml."""

    def __init__(self, root: Path) -> None:
        self.bin, self.home, self.config = root / "bin", root / "home", root / "podium.toml"
        self.bin.mkdir()
        self.environment = {"PATH": str(self.bin), "HOME": str(self.home)}

    def install(self, name: str, script: str = "echo 'it 1.2.3 (built)'") -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.bin / name).chmod(0o755)

    def findings(self, **more: str) -> dict[str, Finding]:
        return {each.name: each for each in findings(self.environment | more, self.config)}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_nothing_is_said_with_its_remedy(machine: Machine) -> None:
    """Without any agent there is one warning that names them all, and the demo."""
    found = machine.findings()
    assert set(found) == {"agents", "sandbox"}
    assert found["agents"].state == "warning"
    assert all(name in found["agents"].remedy for name in PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_who_is_logged_in_is_seen(machine: Machine, name: str) -> None:
    """Version and form; not logged in says how, and where it is told; a file or a variable is a login."""
    preset = PRESETS[name]
    machine.install(name)
    machine.install(preset.forms[0].program)
    found = machine.findings()[f"agent {name}"]
    assert found.text == f"1.2.3, ACP form ({' '.join(preset.forms[0].command[:2])}), no login was found"
    assert (found.state, preset.login in found.remedy, f"docs/agents/{name}.md" in found.remedy) == (
        "warning",
        True,
        True,
    )
    for variable in preset.login_variables:
        assert machine.findings(**{variable: "k"})[f"agent {name}"].state == "ok"
    for file in preset.login_files:
        path = machine.home / file
        path.parent.mkdir(parents=True)
        path.touch()
        assert machine.findings()[f"agent {name}"].state == "ok"
        shutil.rmtree(machine.home)


def test_the_command_form_names_what_the_other_wants(machine: Machine) -> None:
    """claude alone is run as a command; which adapter would give it a session is said."""
    machine.install("claude")
    found = machine.findings(ANTHROPIC_API_KEY="k")["agent claude"]
    assert found.text == "1.2.3, command form (claude --print), logged in; the ACP form wants claude-agent-acp"


@pytest.mark.parametrize(
    ("script", "said"), [("echo 'needs Node 22' >&2; exit 1", "needs Node 22"), ("exec /nowhere/node", "/nowhere/node")]
)
def test_an_agent_that_does_not_start_is_a_problem(machine: Machine, script: str, said: str) -> None:
    """With its own last words, and how it is installed."""
    machine.install("qwen", script)
    found = machine.findings()
    assert found["agent qwen"].state == "problem"
    assert said in found["agent qwen"].text
    assert "npm install" in found["agent qwen"].remedy
    assert found["agents"].text == "none of those that are here works"


def test_profiles_of_ones_own_are_looked_at(machine: Machine) -> None:
    """Their programs and scenarios; a preset's name that is taken is not looked at twice."""
    machine.install("mine")
    machine.install("claude")
    machine.config.write_text(
        '[profiles.mine]\ncommand = "mine --task {instructions}"\n'
        '[profiles.gone]\ncommand = ["no-such-program"]\nkind = "acp"\n'
        '[profiles.claude]\ncommand = ["mine"]\nkind = "acp"\n'
        '[profiles.play]\nkind = "scripted"\nscenario = "/nowhere.toml"\n'
    )
    found = machine.findings()
    assert found["profile mine"] == Finding("profile mine", "ok", "command form (mine)")
    assert found["profile claude"] == Finding("profile claude", "ok", "ACP form (mine)")
    assert "no-such-program is not on PATH" in found["profile gone"].text
    assert "/nowhere.toml" in found["profile play"].text
    assert "agent claude" not in found
    assert "agents" not in found


def test_the_sandbox_matters_where_it_is_wanted(machine: Machine) -> None:
    """A missing bwrap is a problem for whom a profile asks for it alone; one that is refused says what to allow."""
    assert sandbox(machine.environment, wanted=False).state == "ok"
    machine.install("mine")
    machine.config.write_text('[profiles.mine]\ncommand = ["mine"]\nsandbox = "bwrap"\n')
    missing = machine.findings()
    assert missing["profile mine"].text == "command form (mine), in a sandbox"
    assert (missing["sandbox"].state, "apt-get install bubblewrap" in missing["sandbox"].remedy) == ("problem", True)
    machine.install("bwrap", '[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit 0\necho no userns >&2; exit 1')
    refused = machine.findings()["sandbox"]
    assert "no userns" in refused.text
    assert "unprivileged_userns_clone" in refused.remedy
    machine.install("bwrap", "echo bubblewrap 0.8.0")
    assert machine.findings()["sandbox"] == Finding("sandbox", "ok", "bwrap 0.8.0 works")
