"""Somebody who has a real agent on PATH, its settings at home, and a small repository."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from podium.cli import exits, supervision
from tests.fakes.model_endpoint import ModelEndpoint
from tests.support.installation import FAST, to_toml
from tests.support.person import Person
from tests.support.real_agents import Den, den
from tests.support.shop import Shop

_LIMIT_SECONDS = 120.0


class AtHome(Person):
    """Calls `podium …` in the repository; whose agent is the one of the den."""

    def __init__(self, place: Path, agent: Den) -> None:
        repository = place / "repository"
        repository.mkdir()
        (repository / "Makefile").write_text("paint:\n\t@echo painting\n")
        super().__init__(place / "data", Shop(repository, place / "none", place / "none"))
        self.shop.git("init", "--quiet", "--initial-branch=main")
        self.shop.git("add", "--all")
        self.shop.git("-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", "As it was")
        self.installation.ensure()
        settings = {**FAST, "gateway": {"port": "nonsense"}}
        self.installation.config_file.write_text(to_toml(settings))
        self.agent = agent

    def pod(self, holds: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The pod, once it is so."""
        deadline = time.monotonic() + _LIMIT_SECONDS
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.json("show", "1")
            if holds(found):
                return found
        raise AssertionError(f"never came: {found}")

    def waits(self, what: str) -> str:
        """What `podium watch` tells until a person is needed, for this."""
        told = self.call("watch", "1", "--until-waiting", code=exits.WAITING)
        assert what in told
        return told


@contextmanager
def at_home(
    name: str, place: Path, model: ModelEndpoint, monkeypatch: pytest.MonkeyPatch, *, traced: bool
) -> Iterator[AtHome]:
    """A home for the agent of this name, whose model is the endpoint; what was started in it is stopped at the end."""
    agent = den(name, place / "den", model, traced=traced)
    for variable in [each for each in os.environ if each.startswith(("OPENAI", "OPENCODE", "QWEN"))]:
        monkeypatch.delenv(variable)
    for variable, value in agent.environment.items():
        monkeypatch.setenv(variable, value)
    person = AtHome(place, agent)
    try:
        yield person
    finally:
        supervision.stop(person.installation)
