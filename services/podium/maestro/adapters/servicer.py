"""`podium.tasks.v1.MaestroService`: parse, call, render; what a method does stands in its proto and in the domain."""

import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, TypeVar

from podium.chassis.codec import StructuralCodec
from podium.chassis.dispatch import Dispatcher
from podium.chassis.engine import Engine, Outcome, View
from podium.chassis.page_tokens import read_number, write_token
from podium.kernel.ids import derive
from podium.maestro.adapters.projects import ProjectListing, project_message
from podium.maestro.adapters.watching import Renderer
from podium.maestro.application.listing import list_sessions, list_tasks
from podium.maestro.domain.change import project_not_found, session_not_found, task_not_found
from podium.maestro.domain.model import Project
from podium.maestro.domain.state import Board
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1.maestro_service_pb2_grpc import MaestroServiceServicer

ENCODED = ("WatchProject",)
"""Methods that yield encoded messages."""
SERVICE = pb.DESCRIPTOR.services_by_name["MaestroService"].full_name

Context = Any
R = TypeVar("R")


class MaestroServicer(MaestroServiceServicer):
    """Every RPC of the service."""

    def __init__(self, engine: Engine[Board], codec: StructuralCodec, listing: ProjectListing) -> None:
        self._engine = engine
        self._listing = listing
        self._codec = codec
        self._dispatch = Dispatcher(engine, codec, entity_field="project_id")
        self._renderer = Renderer(codec)

    # -- projects --------------------------------------------------------------------------------------------

    async def CreateProject(self, request: pb.CreateProjectRequest, context: Context) -> pb.CreateProjectResponse:
        return self._answer(pb.CreateProjectResponse(), await self._dispatch(request), project=True)

    async def UpdateProject(self, request: pb.UpdateProjectRequest, context: Context) -> pb.UpdateProjectResponse:
        return self._answer(pb.UpdateProjectResponse(), await self._dispatch(request), project=True)

    async def DeleteProject(self, request: pb.DeleteProjectRequest, context: Context) -> pb.DeleteProjectResponse:
        return self._answer(pb.DeleteProjectResponse(), await self._dispatch(request))

    async def GetProject(self, request: pb.GetProjectRequest, context: Context) -> pb.GetProjectResponse:
        view, project = await self._project(request.project_id)
        return pb.GetProjectResponse(
            project=project_message(self._codec, project, view.revision), revision=view.revision
        )

    async def ListProjects(self, request: pb.ListProjectsRequest, context: Context) -> pb.ListProjectsResponse:
        return await self._listing.list(request)

    # -- tasks -----------------------------------------------------------------------------------------------

    async def CreateTask(self, request: pb.CreateTaskRequest, context: Context) -> pb.CreateTaskResponse:
        task_id = request.task_id or derive("task", _request_id(request))
        return self._answer(pb.CreateTaskResponse(), await self._dispatch(request), task_id=task_id)

    async def UpdateTask(self, request: pb.UpdateTaskRequest, context: Context) -> pb.UpdateTaskResponse:
        return self._answer(pb.UpdateTaskResponse(), await self._dispatch(request), task_id=request.task_id)

    async def DeleteTask(self, request: pb.DeleteTaskRequest, context: Context) -> pb.DeleteTaskResponse:
        return self._answer(pb.DeleteTaskResponse(), await self._dispatch(request))

    async def GetTask(self, request: pb.GetTaskRequest, context: Context) -> pb.GetTaskResponse:
        view, _ = await self._project(request.project_id)
        task = view.state.state.tasks.get(request.task_id)
        if task is None:
            raise task_not_found(request.task_id)
        return pb.GetTaskResponse(task=self._message(task), revision=view.revision)

    async def ListTasks(self, request: pb.ListTasksRequest, context: Context) -> pb.ListTasksResponse:
        view, _ = await self._project(request.project_id)
        page = list_tasks(view.state, self._codec.from_proto(request), read_number("tasks", request.page_token))
        return pb.ListTasksResponse(
            tasks=[self._message(task) for task in page.entries],
            next_page_token=write_token("tasks", str(page.before)) if page.before else "",
            revision=view.revision,
        )

    # -- sessions --------------------------------------------------------------------------------------------

    async def CreateSession(self, request: pb.CreateSessionRequest, context: Context) -> pb.CreateSessionResponse:
        session_id = request.session_id or derive("session", _request_id(request))
        return self._answer(pb.CreateSessionResponse(), await self._dispatch(request), session_id=session_id)

    async def UpdateSession(self, request: pb.UpdateSessionRequest, context: Context) -> pb.UpdateSessionResponse:
        outcome = await self._dispatch(request)
        return self._answer(pb.UpdateSessionResponse(), outcome, session_id=request.session_id)

    async def DeleteSession(self, request: pb.DeleteSessionRequest, context: Context) -> pb.DeleteSessionResponse:
        return self._answer(pb.DeleteSessionResponse(), await self._dispatch(request))

    async def GetSession(self, request: pb.GetSessionRequest, context: Context) -> pb.GetSessionResponse:
        view, _ = await self._project(request.project_id)
        session = view.state.state.sessions.get(request.session_id)
        if session is None:
            raise session_not_found(request.session_id)
        return pb.GetSessionResponse(session=self._message(session), revision=view.revision)

    async def ListSessions(self, request: pb.ListSessionsRequest, context: Context) -> pb.ListSessionsResponse:
        view, _ = await self._project(request.project_id)
        page = list_sessions(view.state, self._codec.from_proto(request), read_number("sessions", request.page_token))
        return pb.ListSessionsResponse(
            sessions=[self._message(session) for session in page.entries],
            next_page_token=write_token("sessions", str(page.before)) if page.before else "",
            revision=view.revision,
        )

    async def AddTaskToSession(
        self, request: pb.AddTaskToSessionRequest, context: Context
    ) -> pb.AddTaskToSessionResponse:
        outcome, task_id = await self._dispatch(request), request.task_id
        return self._answer(pb.AddTaskToSessionResponse(), outcome, task_id=task_id, session_id=request.session_id)

    async def RemoveTaskFromSession(
        self, request: pb.RemoveTaskFromSessionRequest, context: Context
    ) -> pb.RemoveTaskFromSessionResponse:
        outcome, task_id = await self._dispatch(request), request.task_id
        return self._answer(pb.RemoveTaskFromSessionResponse(), outcome, task_id=task_id, session_id=request.session_id)

    async def AppendTimeline(self, request: pb.AppendTimelineRequest, context: Context) -> pb.AppendTimelineResponse:
        outcome = await self._dispatch(request)
        return self._answer(pb.AppendTimelineResponse(), outcome, session_id=request.session_id)

    async def SetNeedsInput(self, request: pb.SetNeedsInputRequest, context: Context) -> pb.SetNeedsInputResponse:
        outcome = await self._dispatch(request)
        return self._answer(pb.SetNeedsInputResponse(), outcome, session_id=request.session_id)

    # -- processes -------------------------------------------------------------------------------------------

    async def SpawnSession(self, request: pb.SpawnSessionRequest, context: Context) -> pb.SpawnSessionResponse:
        session_id = request.session_id or derive("session", _request_id(request))
        return self._answer(pb.SpawnSessionResponse(), await self._dispatch(request), session_id=session_id)

    async def ClaimSession(self, request: pb.ClaimSessionRequest, context: Context) -> pb.ClaimSessionResponse:
        outcome = await self._dispatch(request)
        return self._answer(pb.ClaimSessionResponse(), outcome, session_id=request.session_id)

    async def ReportSession(self, request: pb.ReportSessionRequest, context: Context) -> pb.ReportSessionResponse:
        outcome = await self._dispatch(request)
        return self._answer(pb.ReportSessionResponse(), outcome, session_id=request.session_id)

    async def CloseSession(self, request: pb.CloseSessionRequest, context: Context) -> pb.CloseSessionResponse:
        return self._answer(pb.CloseSessionResponse(), await self._dispatch(request))

    # -- watch -----------------------------------------------------------------------------------------------

    async def WatchProject(  # type: ignore[override]  # see ENCODED
        self, request: pb.WatchProjectRequest, context: Context
    ) -> AsyncIterator[bytes]:
        if (await self._engine.view(request.project_id)).revision == 0:
            raise project_not_found(request.project_id)
        after = request.after_revision if request.HasField("after_revision") else None
        snapshot = request.start == pb.WATCH_START_SNAPSHOT
        async with aclosing(self._engine.watch(request.project_id, after, snapshot)) as items:  # type: ignore[type-var]
            async for item in items:
                for message in self._renderer.render(item):
                    yield message

    # -- inside ----------------------------------------------------------------------------------------------

    async def _project(self, project_id: str) -> tuple[View[Board], Project]:
        view = await self._engine.view(project_id)
        if view.state.project is None:
            raise project_not_found(project_id)
        return view, view.state.project

    def _answer(
        self,
        response: R,
        outcome: Outcome[Board],
        *,
        project: bool = False,
        task_id: str = "",
        session_id: str = "",
    ) -> R:
        """The response with its revision and the entities asked for, as they were right after the command."""
        message: Any = response
        message.revision = outcome.revision
        state = outcome.state.state
        if project and state.project is not None:
            message.project.CopyFrom(self._message(state.project))
        if task_id in state.tasks:
            message.task.CopyFrom(self._message(state.tasks[task_id]))
        if session_id in state.sessions:
            message.session.CopyFrom(self._message(state.sessions[session_id]))
        return response

    def _message(self, value: object) -> Any:
        return self._codec.to_proto(value)


def _request_id(request: pb.CreateTaskRequest | pb.CreateSessionRequest | pb.SpawnSessionRequest) -> str:
    """The request's id, made here where the client sent none: the new entity's id comes from it."""
    if not request.request_id:
        request.request_id = uuid.uuid4().hex
    return request.request_id
