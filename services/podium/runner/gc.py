"""`python -m podium.runner.gc`: what `podium gc` runs. Reclaims what finished pods have left; prints JSON.

It takes the repositories' locks like the runner does, so both may work at the same time.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence

from podium.client.installation import Installation
from podium.runner.layout import Layout
from podium.runner.processes.journal import Journal
from podium.runner.settings import load_settings
from podium.runner.workspaces.releasing import collect
from podium.runner.workspaces.service import Workspaces


async def run(installation: Installation, *, failed: bool) -> list[str]:
    """Reclaim, for every runner of the data directory; what was removed."""
    settings = load_settings(installation.config_file)
    removed: list[str] = []
    for root in sorted((installation.data_dir / "runner").glob("*/")):
        layout = Layout.of(installation.data_dir, root.name, settings.workspaces)
        journal = Journal(layout.processes)
        workspaces = Workspaces(layout, journal, settings.trust_repository, time.monotonic, settings.first_port)
        removed += await collect(workspaces, failed_too=failed)
    return removed


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, run, print `{"removed": […]}`."""
    parser = argparse.ArgumentParser(prog="python -m podium.runner.gc", description=__doc__)
    parser.add_argument("--data-dir", default=None)
    parser.add_argument("--failed", action="store_true", help="also what was kept to be looked at")
    options = parser.parse_args(arguments)
    removed = asyncio.run(run(Installation.locate(options.data_dir), failed=options.failed))
    print(json.dumps({"removed": removed}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
