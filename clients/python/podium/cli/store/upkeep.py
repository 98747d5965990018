"""`podium store verify`, `backup` and `restore`.

While the services run, the store itself does the work; while they are stopped, a process of the store's own code does.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from podium.cli import exits
from podium.cli.common import Cli, command
from podium.cli.exits import CliError
from podium.cli.supervision import is_running

BACKUP_TIMEOUT_SECONDS = 3600.0


@click.command()
@click.option("--file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A copy instead.")
@command
async def verify(cli: Cli, file: Path | None) -> int:
    """Check every row against its checksum; names the first damaged one, and ends with 1 then."""
    if file is not None or not is_running(cli.installation):
        found = _offline(cli, "verify", *(["--file", _absolute(file)] if file else []))
    else:
        found = await _verify_online(cli)
    text = f"{found['checked']} events, "
    text += f"then damage: {found['damage']}" if found["damage"] else "all sound"
    cli.out.show(found, lambda: text)
    return exits.FAILED if found["damage"] else exits.OK


async def _verify_online(cli: Cli) -> dict[str, Any]:
    from podium.events.v1.event_service_pb2 import VerifyRequest, VerifyResponse

    last = VerifyResponse()
    async with cli.connect() as podium:
        async for answer in podium.event_store.Verify(VerifyRequest()):
            last = answer
    return {"checked": last.checked, "damage": last.damage, "damaged_position": last.damaged_position}


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@command
async def backup(cli: Cli, path: Path) -> None:
    """Write a consistent copy to PATH, a new file on the store's machine; the store goes on serving."""
    target = _absolute(path)
    if is_running(cli.installation):
        from podium.events.v1.event_service_pb2 import BackupRequest

        async with cli.connect() as podium:
            request = BackupRequest(path=target)
            answer = await podium.event_store.Backup(request, timeout=BACKUP_TIMEOUT_SECONDS)
        position = answer.last_position
    else:
        position = _offline(cli, "backup", target)["last_position"]
    result = {"path": target, "last_position": position}
    cli.out.show(result, lambda: f"{target} holds everything up to position {position}")


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--replace", is_flag=True, help="Put the store that is there aside (it is kept beside the new one).")
@command
def restore(cli: Cli, path: Path, replace: bool) -> None:
    """Take the copy at PATH for the store. Stop the services first; the copy is verified before anything changes."""
    if is_running(cli.installation):
        raise CliError("the services run", "`podium down` stops them; then restore", exits.REFUSED)
    found = _offline(cli, "restore", _absolute(path), *(["--replace"] if replace else []))
    aside = f"; what was there is kept as {found['aside']}" if found["aside"] else ""
    cli.out.show(found, lambda: f"restored up to position {found['last_position']}{aside}")


def _absolute(path: Path) -> str:
    return str(path.absolute())


def _offline(cli: Cli, *words: str) -> dict[str, Any]:
    """What the store's own program answers."""
    program = [sys.executable, "-m", "podium.event_store.offline", "--data-dir", str(cli.installation.data_dir)]
    done = subprocess.run([*program, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["the event store's program failed"])[-1]
        raise CliError(last, "", exits.REFUSED if done.returncode == exits.REFUSED else exits.FAILED)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
