"""What can go wrong: tasks. Made by protos/tools/error_classes.py (`make reasons`)."""

from podium.client.families import AlreadyExistsError, NotFoundError, PodiumError, PreconditionError


class ProjectNotFoundError(NotFoundError):
    """No such project · project_id · check the id."""


class ProjectAlreadyExistsError(AlreadyExistsError):
    """A project with this id and another repository exists · project_id · choose another id."""


class ProjectNotEmptyError(PreconditionError):
    """The project has unfinished pods · task_ids · cancel or finish them."""


class TaskNotFoundError(NotFoundError):
    """No such task · task_id · check the id."""


class TaskAlreadyExistsError(AlreadyExistsError):
    """A task with this id exists · task_id · choose another id."""


class PodActiveError(PreconditionError):
    """An unfinished pod owns the task's status · task_id · act on the pod."""


class SessionNotFoundError(NotFoundError):
    """No such session · session_id · check the id."""


class SessionAlreadyExistsError(AlreadyExistsError):
    """A session with this id exists · session_id · choose another id."""


class SessionAlreadyTerminalError(PreconditionError):
    """The session has ended; its status is final · status · none."""


class SessionLiveError(PreconditionError):
    """The session is a live agent's · session_id · interrupt the agent."""


class AlreadyLinkedError(AlreadyExistsError):
    """Task and session are linked already · task_id, session_id · none."""


class TaskCycleError(PreconditionError):
    """A task cannot be its own ancestor · task_id · choose another parent."""


class SessionClaimedError(PreconditionError):
    """Another runner claimed the session first · runner_id · leave it."""


class SessionNotYoursError(PreconditionError):
    """The session has ended, or another runner holds it · session_id, runner_id · end the process."""


class TerminalNotServedError(PreconditionError):
    """No runner serves the session's terminal now · session_id · attach; it ends when nobody will serve it any more."""


class InputNotHeldError(PreconditionError):
    """Another viewer writes now, or the input token is not this terminal's · session_id · attach with take_input."""


class InputOutOfOrderError(PreconditionError):
    """Earlier input is missing · expected, sequence · send what follows the last sequence that was answered."""


class TerminalReadOnlyError(PreconditionError):
    """The runner serves the terminal for reading only · session_id · attach without input."""


class TooManyViewersError(PreconditionError):
    """The terminal has as many viewers as it can · limit · detach one, or try later."""


_BY_REASON: dict[str, type[PodiumError]] = {
    "PROJECT_NOT_FOUND": ProjectNotFoundError,
    "PROJECT_ALREADY_EXISTS": ProjectAlreadyExistsError,
    "PROJECT_NOT_EMPTY": ProjectNotEmptyError,
    "TASK_NOT_FOUND": TaskNotFoundError,
    "TASK_ALREADY_EXISTS": TaskAlreadyExistsError,
    "POD_ACTIVE": PodActiveError,
    "SESSION_NOT_FOUND": SessionNotFoundError,
    "SESSION_ALREADY_EXISTS": SessionAlreadyExistsError,
    "SESSION_ALREADY_TERMINAL": SessionAlreadyTerminalError,
    "SESSION_LIVE": SessionLiveError,
    "ALREADY_LINKED": AlreadyLinkedError,
    "TASK_CYCLE": TaskCycleError,
    "SESSION_CLAIMED": SessionClaimedError,
    "SESSION_NOT_YOURS": SessionNotYoursError,
    "TERMINAL_NOT_SERVED": TerminalNotServedError,
    "INPUT_NOT_HELD": InputNotHeldError,
    "INPUT_OUT_OF_ORDER": InputOutOfOrderError,
    "TERMINAL_READ_ONLY": TerminalReadOnlyError,
    "TOO_MANY_VIEWERS": TooManyViewersError,
}
