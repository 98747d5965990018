"""Services that nobody supervises: each by `podium serve`, in the environment of deploy/compose.yaml."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from podium.chassis.settings import ENV_PREFIX
from podium.client.installation import SERVICES, Installation
from podium.supervisor.health import serving

LIMIT_SECONDS = 60.0


@asynccontextmanager
async def served(installation: Installation, logs: Path) -> AsyncIterator[dict[str, asyncio.subprocess.Process]]:
    """Every target, all at once, until all are ready; ended in order by SIGTERM, with status 0."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)} | {
        "PODIUM_DATA_DIR": str(installation.data_dir),
        "PODIUM_LOG_FORMAT": "json",
        "PODIUM_GATEWAY_HOST": "0.0.0.0",
        "PODIUM_GATEWAY_PORT": "0",
    }
    running: dict[str, asyncio.subprocess.Process] = {}
    try:
        for name in SERVICES:
            with (logs / f"{name}.log").open("wb") as log:
                running[name] = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "podium.cli.main", "serve", name), env=environment, stdout=log, stderr=log
                )
        async with asyncio.timeout(LIMIT_SECONDS):
            while not all([await serving(installation.address(name)) for name in SERVICES]):
                for name, process in running.items():
                    assert process.returncode is None, (logs / f"{name}.log").read_text()
        yield running
    finally:
        for process in reversed(running.values()):
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        for name, process in running.items():
            async with asyncio.timeout(LIMIT_SECONDS):
                assert await process.wait() == 0, (logs / f"{name}.log").read_text()
