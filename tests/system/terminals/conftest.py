"""One installation for each file of tests about terminals, and a project for each test."""

import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from podium.cli import repository
from podium.client import Podium
from tests.support.at_a_terminal import AtATerminal
from tests.support.installation import LocalInstallation
from tests.support.sessions import PROFILES, Desk


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalInstallation]:
    """The installation; its leases outlast the pauses of a busy machine, on which terminals are many processes."""
    patient = {"lease_ttl_seconds": 3.0, "lease_renew_seconds": 0.5, "log_level": "info"}
    folder = tmp_path_factory.mktemp("place")
    async with LocalInstallation(folder, profiles=PROFILES, services=patient) as local:
        yield local


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def podium(place: LocalInstallation) -> AsyncIterator[Podium]:
    """A person's connection."""
    async with place.client() as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def desk(podium: Podium, tmp_path: Path) -> Desk:
    """A project of the test's own, as the command line would name it."""
    repo = tmp_path / "mein Projekt"
    repo.mkdir()
    subprocess.run(["git", "init", "--quiet", str(repo)], check=True)
    return await Desk(podium, repo, repository.locate(str(repo)).project_id).make()


@pytest.fixture
def person(place: LocalInstallation, desk: Desk) -> Callable[..., AtATerminal]:
    """Somebody who calls `podium …` at a terminal."""
    return lambda *words, **more: AtATerminal(place.installation, desk.repository, *words, **more)
