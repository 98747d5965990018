"""Sessions: listed, and found by what people type."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from podium.cli import exits, repository
from podium.cli.commands.ls import list_projects
from podium.cli.exits import CliError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podium.client.connection import Podium
    from podium.tasks.v1 import task_pb2

_NUMBER = re.compile(r"#?(\d+)$")
_PAGE = 500
_PAGES = 20
_SHOWN = 20


async def list_sessions(podium: "Podium", project_id: str, task_id: str = "") -> "list[task_pb2.Session]":
    """The sessions of a project (or of one of its tasks), newest first; none where Maestro does not know it."""
    from podium.client.errors import NotFoundError
    from podium.tasks.v1 import maestro_service_pb2 as calls

    found: list[task_pb2.Session] = []
    token = ""
    for _ in range(_PAGES):
        try:
            page = await podium.maestro.ListSessions(
                calls.ListSessionsRequest(project_id=project_id, task_id=task_id, page_size=_PAGE, page_token=token)
            )
        except NotFoundError:
            return []
        found += page.sessions
        token = page.next_page_token
        if not token:
            break
    return found


async def find_session(podium: "Podium", text: str) -> "task_pb2.Session":
    """The session that is meant: by number or name in this directory's project, by id (or its end) anywhere.

    Raises `CliError`.
    """
    here = repository.find(Path())
    sessions = await list_sessions(podium, here.project_id) if here else []
    found = matching(sessions, text)
    if not found:
        others = [project for project in await list_projects(podium) if here is None or project != here.project_id]
        elsewhere = [session for project in others for session in await list_sessions(podium, project)]
        found = [each for each in elsewhere if each.id == text] or ([] if here else matching(elsewhere, text))
    if len(found) == 1:
        return found[0]
    if not found:
        place = "in this project" if here else "in this installation"
        raise CliError(f"no session {text} {place}", "`podium sessions` lists them", exits.NOT_FOUND)
    listed = "".join(f"\n  {each.id}  {each.name}" for each in found[:_SHOWN])
    raise CliError(f"{len(found)} sessions could be meant:{listed}", "name it by its id", exits.USAGE)


def matching(sessions: "Sequence[task_pb2.Session]", text: str) -> "list[task_pb2.Session]":
    """Those that a text names, by the first of these that fits: id, number, name, end of the id."""
    number = _NUMBER.match(text)
    ways = [
        [each for each in sessions if each.id == text],
        [each for each in sessions if number and each.number == int(number[1])],
        [each for each in sessions if each.name == text],
        [each for each in sessions if len(text) >= 4 and each.id.endswith(text)],
    ]
    return next((found for found in ways if found), [])
