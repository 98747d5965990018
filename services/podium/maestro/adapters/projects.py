"""The projects of all owners, listed by name."""

from collections.abc import Sequence

from podium.chassis.codec import StructuralCodec
from podium.chassis.engine import Engine
from podium.chassis.gathering import Part, Peers, gather_listing
from podium.chassis.page_tokens import read_token, write_token
from podium.client.connection import Podium
from podium.maestro.application.listing import PAGE_SIZE
from podium.maestro.domain.model import Project
from podium.maestro.domain.state import Board
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1.maestro_service_pb2_grpc import MaestroServiceStub
from podium.tasks.v1.task_pb2 import Project as ProjectMessage

LISTING = "projects"


class ProjectListing:
    """Lists; with `owned_only` what this process owns, else what all do."""

    def __init__(self, engine: Engine[Board], codec: StructuralCodec, client: Podium, peers: Peers) -> None:
        self._engine = engine
        self._codec = codec
        self._client = client
        self._peers = peers

    async def list(self, request: pb.ListProjectsRequest) -> pb.ListProjectsResponse:
        """A page. Raises INVALID_PAGE_TOKEN, NOT_READY while shards change hands."""
        after, size = read_token(LISTING, request.page_token), request.page_size or PAGE_SIZE
        if request.owned_only:
            part = self._own_page(after, size)
            return _page([part], size, shards=sorted(part.shards))

        async def ask(address: str, seconds: float) -> Part[ProjectMessage]:
            wanted = pb.ListProjectsRequest(page_size=size, page_token=request.page_token, owned_only=True)
            answer = await MaestroServiceStub(self._client.channel(address)).ListProjects(wanted, timeout=seconds)
            return Part(answer.projects, answer.position, answer.shards, bool(answer.next_page_token))

        return _page(await gather_listing(lambda: self._own_page(after, size), ask, self._peers), size)

    def _own_page(self, after: str, size: int) -> Part[ProjectMessage]:
        position, views = self._engine.position(), self._engine.loaded_views().values()
        known = [(view.state.project, view.revision) for view in views if view.state.project is not None]
        rest = sorted((each for each in known if _place(each[0]) > after), key=lambda each: _place(each[0]))
        page = [project_message(self._codec, project, revision) for project, revision in rest[:size]]
        return Part(page, position, self._engine.served(), len(rest) > size)


def project_message(codec: StructuralCodec, project: Project, revision: int) -> ProjectMessage:
    """A project with the revision that it shows."""
    message = codec.to_proto(project)
    assert isinstance(message, ProjectMessage)
    message.revision = revision
    return message


def _page(parts: Sequence[Part[ProjectMessage]], size: int, shards: Sequence[int] = ()) -> pb.ListProjectsResponse:
    """One page of what the owners listed; one that moved between two answers is shown as the later one knew it."""
    newest: dict[str, ProjectMessage] = {}
    for project in (project for part in parts for project in part.entries):
        if project.id not in newest or newest[project.id].revision < project.revision:
            newest[project.id] = project
    rest = sorted(newest.values(), key=_place)
    more = len(rest) > size or any(part.more for part in parts)
    return pb.ListProjectsResponse(
        projects=rest[:size],
        next_page_token=write_token(LISTING, _place(rest[:size][-1])) if more else "",
        position=min(part.position for part in parts),
        shards=shards,
    )


def _place(project: Project | ProjectMessage) -> str:
    """Where a project stands in the listing: by its name, then by its id."""
    return f"{project.name.casefold()}\x00{project.id}"
