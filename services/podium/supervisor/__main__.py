"""`python -m podium.supervisor --data-dir DIR [--foreground]`: runs until SIGTERM; exits 0 after a clean stop.

It stays attached to whoever started it; `podium up` starts it in a session of its own. Without `--foreground` it
writes what it does to `logs/supervisor.log`, with it to its standard error.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import TextIO

from podium.client.installation import Installation
from podium.supervisor import settings as settings_file
from podium.supervisor.credentials import prepare
from podium.supervisor.launch import die_with
from podium.supervisor.logs import rotate
from podium.supervisor.supervisor import AlreadyRunningError, Supervisor
from podium.supervisor.version import installed_version

EXIT_ALREADY_RUNNING = 3


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 stopped as told, 1 could not start, 3 another supervisor holds the data directory."""
    parser = argparse.ArgumentParser(prog="podium.supervisor", description=__doc__)
    parser.add_argument("--data-dir", type=Path, help="default: $PODIUM_DATA_DIR, else the user's data directory")
    parser.add_argument("--foreground", action="store_true", help="say on standard error what happens")
    parser.add_argument("--with-parent", action="store_true", help="stop when the process that started it is gone")
    options = parser.parse_args(arguments)
    if options.with_parent:
        die_with(os.getppid(), signal.SIGTERM)
    installation = Installation.locate(options.data_dir)
    try:
        prepare(installation)
        settings = settings_file.load(installation.config_file)
        log = installation.logs_dir / "supervisor.log"
        rotate(log, settings.log_bytes, settings.log_keep)
        with log.open("a", encoding="utf-8") as file:
            target = sys.stderr if options.foreground else file
            supervisor = Supervisor(
                installation, settings, version=installed_version(), say=lambda text: _say(target, text)
            )
            asyncio.run(supervisor.run())
    except AlreadyRunningError as error:
        print(error, file=sys.stderr)
        return EXIT_ALREADY_RUNNING
    except (OSError, settings_file.SettingsError) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    return 0


def _say(file: TextIO, text: str) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S")
    print(f"{stamp} {text}", file=file, flush=True)


if __name__ == "__main__":
    sys.exit(main())
