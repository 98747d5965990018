"""What the tests of terminals share."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium.tasks.v1 import maestro_service_pb2 as pb
from tests.maestro.servers import servers
from tests.maestro.terminals import Place, living


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A project p."""
    async with servers(tmp_path) as running:
        found = Place(running)
        await living(found.runner)
        await found.anna.maestro.CreateProject(pb.CreateProjectRequest(project_id="p", repository="/src/shop"))
        async with asyncio.timeout(60):
            yield found
