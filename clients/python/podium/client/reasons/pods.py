"""What can go wrong: pods. Made by protos/tools/error_classes.py (`make reasons`)."""

from podium.client.families import (
    AlreadyExistsError,
    InvalidArgumentError,
    NotFoundError,
    PodiumError,
    PreconditionError,
)


class PodNotFoundError(NotFoundError):
    """No such pod · pod_id · check the id."""


class PodAlreadyExistsError(AlreadyExistsError):
    """A pod with this id is open already · pod_id · use it."""


class PodAlreadyTerminalError(PreconditionError):
    """The pod is COMPLETED or CANCELLED · phase · open a new one."""


class SpecAlreadyApprovedError(PreconditionError):
    """The spec's approval stands · version · ReopenSpec first."""


class PlanAlreadyApprovedError(PreconditionError):
    """The plan's approval stands · version · ReopenPlan first."""


class PlanAlreadyExistsError(PreconditionError):
    """A plan exists · version · update it, or RequestPlan with feedback."""


class SpecMissingError(PreconditionError):
    """There is no spec yet · none · write one or wait for its writer."""


class PlanMissingError(PreconditionError):
    """There is no plan yet · none · write one or wait for its planner."""


class InvalidPhaseError(PreconditionError):
    """The phase does not allow this command · phase · wait, or TransitionPhase."""


class InvalidTransitionError(PreconditionError):
    """The table has no way from this phase to that · from, to · see the phase diagram."""


class GuardNotMetError(PreconditionError):
    """The way exists, its guard does not hold · from, to, guard · do what the guard asks."""


class StaleVersionError(PreconditionError):
    """The approval names an outdated version · given, current · look at the current one."""


class GenerationInProgressError(PreconditionError):
    """A document agent is at work on it · agent_id · wait, or interrupt it."""


class WorkstreamNotFoundError(NotFoundError):
    """No such workstream · workstream_id · check the id."""


class WorkstreamExistsError(AlreadyExistsError):
    """A workstream with this id exists · workstream_id · choose another."""


class WorkstreamNotPendingError(PreconditionError):
    """The workstream is not waiting to start · status · none."""


class WorkstreamNotInProgressError(PreconditionError):
    """The workstream is not in progress · status · start it first."""


class WorkstreamWrongStatusError(PreconditionError):
    """The workstream's status does not allow this · status · see the workstream's table."""


class DependenciesNotSatisfiedError(PreconditionError):
    """Dependencies are not COMPLETED or SKIPPED · blocked_on · wait or skip them."""


class DependencyCycleError(InvalidArgumentError):
    """The dependencies form a cycle · ids · break it."""


class UnknownDependencyError(InvalidArgumentError):
    """A dependency names nothing · ids · correct it."""


class AgentNotFoundError(NotFoundError):
    """No such agent in this pod · agent_id · check the id."""


class AgentNotRunningError(PreconditionError):
    """The agent does not run · status · none."""


class AgentAlreadyTerminalError(PreconditionError):
    """The agent has ended · status · RestartAgent makes a new one."""


class AgentAlreadyClaimedError(PreconditionError):
    """Another runner claimed the agent first · runner_id · leave it."""


class AgentNotPendingError(PreconditionError):
    """The agent is not waiting for StartAgent · status · none."""


class AgentNotYoursError(PreconditionError):
    """The report comes from a runner or epoch that no longer holds the agent · runner_id · end the process."""


class AlreadyAnsweredError(PreconditionError):
    """The question has its answer · by, choice · none."""


class InvalidChoiceError(InvalidArgumentError):
    """The choice is not among the options · options · choose one of them."""


class MessageNotFoundError(NotFoundError):
    """No such question or message · message_id · check the id."""


class ThreadNotFoundError(NotFoundError):
    """No such thread · thread_id · check the id."""


class ThreadWrongStateError(PreconditionError):
    """The thread is resolved (or open) already · thread_id · none."""


class EmptyContentError(InvalidArgumentError):
    """The text is empty · field · write something."""


class ContentTooLongError(InvalidArgumentError):
    """The text is too long · field, limit · shorten it."""


class TooManyEntriesError(InvalidArgumentError):
    """Too many entries · field, limit · split the task."""


class ChecklistItemNotFoundError(NotFoundError):
    """The checklist item does not exist · index · read the checklist again."""


class NotOwnerOfItemError(PreconditionError):
    """The item belongs to another workstream · workstream_id · none."""


class JobNotFoundError(NotFoundError):
    """No such job, or it is closed · job_id · drop it."""


class AgentsRunningError(PreconditionError):
    """Agents run · agent_ids · interrupt them first."""


class PolicyInvalidError(InvalidArgumentError):
    """The policy contradicts itself (autonomy without a budget) · field · correct it."""


class ReviewNotReadyError(PreconditionError):
    """The review is not ready for this · state · wait for the verification."""


class InboxItemNotFoundError(NotFoundError):
    """No such inbox item · item_id · check the id."""


class DiffNotFoundError(NotFoundError):
    """No diff is stored for this · pod_id · wait for the verification."""


class PodFullError(PreconditionError):
    """The pod holds as many texts as a pod can · held_bytes, limit · finish it, and open another pod for the rest."""


_BY_REASON: dict[str, type[PodiumError]] = {
    "POD_NOT_FOUND": PodNotFoundError,
    "POD_ALREADY_EXISTS": PodAlreadyExistsError,
    "POD_ALREADY_TERMINAL": PodAlreadyTerminalError,
    "SPEC_ALREADY_APPROVED": SpecAlreadyApprovedError,
    "PLAN_ALREADY_APPROVED": PlanAlreadyApprovedError,
    "PLAN_ALREADY_EXISTS": PlanAlreadyExistsError,
    "SPEC_MISSING": SpecMissingError,
    "PLAN_MISSING": PlanMissingError,
    "INVALID_PHASE": InvalidPhaseError,
    "INVALID_TRANSITION": InvalidTransitionError,
    "GUARD_NOT_MET": GuardNotMetError,
    "STALE_VERSION": StaleVersionError,
    "GENERATION_IN_PROGRESS": GenerationInProgressError,
    "WORKSTREAM_NOT_FOUND": WorkstreamNotFoundError,
    "WORKSTREAM_EXISTS": WorkstreamExistsError,
    "WORKSTREAM_NOT_PENDING": WorkstreamNotPendingError,
    "WORKSTREAM_NOT_IN_PROGRESS": WorkstreamNotInProgressError,
    "WORKSTREAM_WRONG_STATUS": WorkstreamWrongStatusError,
    "DEPENDENCIES_NOT_SATISFIED": DependenciesNotSatisfiedError,
    "DEPENDENCY_CYCLE": DependencyCycleError,
    "UNKNOWN_DEPENDENCY": UnknownDependencyError,
    "AGENT_NOT_FOUND": AgentNotFoundError,
    "AGENT_NOT_RUNNING": AgentNotRunningError,
    "AGENT_ALREADY_TERMINAL": AgentAlreadyTerminalError,
    "AGENT_ALREADY_CLAIMED": AgentAlreadyClaimedError,
    "AGENT_NOT_PENDING": AgentNotPendingError,
    "AGENT_NOT_YOURS": AgentNotYoursError,
    "ALREADY_ANSWERED": AlreadyAnsweredError,
    "INVALID_CHOICE": InvalidChoiceError,
    "MESSAGE_NOT_FOUND": MessageNotFoundError,
    "THREAD_NOT_FOUND": ThreadNotFoundError,
    "THREAD_WRONG_STATE": ThreadWrongStateError,
    "EMPTY_CONTENT": EmptyContentError,
    "CONTENT_TOO_LONG": ContentTooLongError,
    "TOO_MANY_ENTRIES": TooManyEntriesError,
    "CHECKLIST_ITEM_NOT_FOUND": ChecklistItemNotFoundError,
    "NOT_OWNER_OF_ITEM": NotOwnerOfItemError,
    "JOB_NOT_FOUND": JobNotFoundError,
    "AGENTS_RUNNING": AgentsRunningError,
    "POLICY_INVALID": PolicyInvalidError,
    "REVIEW_NOT_READY": ReviewNotReadyError,
    "INBOX_ITEM_NOT_FOUND": InboxItemNotFoundError,
    "DIFF_NOT_FOUND": DiffNotFoundError,
    "POD_FULL": PodFullError,
}
