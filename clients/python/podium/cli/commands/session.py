"""`podium session`: begin one, close one."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podium.cli import exits, reaching, repository
from podium.cli.common import Cli, command
from podium.cli.exits import CliError
from podium.cli.views.plain import plain

if TYPE_CHECKING:
    from podium.client.connection import Podium
    from podium.tasks.v1 import maestro_service_pb2, task_pb2


@click.group()
def session() -> None:
    """Begin a session in a terminal of its own, or close one."""


@session.command("new")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND…]")
@click.option("--name", default="", help="For people; default: the agent's or the command's.")
@click.option("--task", "numbers", type=int, multiple=True, metavar="N", help="A task that it works on; several times.")
@click.option("--agent", default="", metavar="PROFILE", help="Start this agent's program, for you to talk to.")
@click.option("--directory", "-C", metavar="DIR", help="Where it starts; default: here.")
@click.option("--env", "variables", multiple=True, metavar="NAME=VALUE", help="Added to its environment; no secrets.")
@click.option("--pool", default="", help="Which runners; default: `default`.")
@click.option("-d", "--detach", is_flag=True, help="Only begin; do not attach.")
@click.option("--detach-key", default="ctrl-]", show_default=True, metavar="KEY", help="As of `podium attach`.")
@command
async def new(
    cli: Cli,
    words: tuple[str, ...],
    numbers: tuple[int, ...],
    directory: str | None,
    variables: tuple[str, ...],
    detach: bool,
    detach_key: str,
    **how: str,
) -> int:
    """Begin a session and attach to it: your shell, an agent's program, or COMMAND.

    It runs under the runner, in this repository, and goes on when you detach or close your terminal. What it is to do
    stands in the file $PODIUM_INSTRUCTIONS, where it holds tasks.
    """
    from podium.cli.attaching import attach as attaching
    from podium.cli.attaching.attachment import Manner
    from podium.cli.attaching.keys import parse_detach
    from podium.cli.output import interactive

    manner = Manner(key=parse_detach(detach_key))
    if not detach and not cli.out.as_json and not interactive():
        raise CliError("attaching needs a terminal", "begin it with --detach", exits.USAGE)
    place = repository.locate(str(Path.cwd()))
    if reaching.begin(cli.installation):
        cli.out.say("[dim]Podium started[/]")
    async with cli.connect() as podium:
        request = _request(place, words, directory, variables, how)
        made = await _spawn(podium, place, request, numbers)
        if detach:
            cli.out.show(plain(made), lambda: f"{made.name} is on its way; see it with `podium attach {made.number}`")
            return exits.OK
        return await attaching.attach(cli, podium, made, manner)


def _request(
    place: repository.Repository,
    words: tuple[str, ...],
    directory: str | None,
    variables: tuple[str, ...],
    how: dict[str, str],
) -> "maestro_service_pb2.SpawnSessionRequest":
    from podium.tasks.v1 import maestro_service_pb2 as calls

    env = {}
    for variable in variables:
        name, equals, value = variable.partition("=")
        if not name or not equals:
            raise CliError(f"--env {variable}: not NAME=VALUE", code=exits.USAGE)
        env[name] = value
    where = Path(directory or ".").absolute()
    rows, columns = _size()
    return calls.SpawnSessionRequest(
        project_id=place.project_id,
        name=how["name"],
        agent=how["agent"],
        command=words,
        env=env,
        # Elsewhere than in the repository's root only where that was asked for: the runner may be elsewhere too.
        working_directory="" if str(where) == place.location else str(where),
        rows=rows,
        columns=columns,
        pool=how["pool"],
    )


async def _spawn(
    podium: "Podium",
    place: repository.Repository,
    request: "maestro_service_pb2.SpawnSessionRequest",
    numbers: tuple[int, ...],
) -> "task_pb2.Session":
    from podium.cli import opening, profiles

    if request.agent:  # say at once what the runners would say after half a minute
        profiles.choose(request.agent, "", await profiles.offered(podium))
    await opening.ensure_project(podium, place)
    for number in dict.fromkeys(numbers):
        request.task_ids.append((await opening.find_task(podium, place.project_id, number)).id)
    return (await podium.maestro.SpawnSession(request)).session


def _size() -> tuple[int, int]:
    """Rows and columns of the person's terminal; of the usual one where there is none."""
    try:
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return 24, 80
    return min(max(rows, 1), 1000), min(max(columns, 1), 1000)


@session.command("close")
@click.argument("name", metavar="SESSION")
@command
async def close(cli: Cli, name: str) -> None:
    """End a session's process and remove the session; its tasks stay. A pod's agent is interrupted instead."""
    from podium.cli.sessions import find_session
    from podium.tasks.v1 import maestro_service_pb2 as calls

    async with cli.connect() as podium:
        found = await find_session(podium, name)
        await podium.maestro.CloseSession(calls.CloseSessionRequest(project_id=found.project_id, session_id=found.id))
    cli.out.show({"session_id": found.id, "closed": True}, lambda: f"{found.name or found.id} is closed")
