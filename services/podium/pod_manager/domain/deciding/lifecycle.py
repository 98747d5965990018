"""Deciding: opening, rules, phases, cancelling."""

from typing import assert_never

from podium.kernel.errors import already_exists, invalid
from podium.pod_manager.domain import naming
from podium.pod_manager.domain.commands.lifecycle import (
    CancelPod,
    EvaluateNow,
    LifecycleCommand,
    OpenPod,
    ReportExternalSync,
    TransitionPhase,
    UpdatePolicy,
)
from podium.pod_manager.domain.draft import Draft
from podium.pod_manager.domain.events.documents import PlanApproved, PlanUpdated, SpecApproved, SpecUpdated
from podium.pod_manager.domain.events.lifecycle import ExternalSyncReported, PodOpened, PolicyUpdated
from podium.pod_manager.domain.kinds import Phase
from podium.pod_manager.domain.limits import check_text
from podium.pod_manager.domain.moving import finish, move
from podium.pod_manager.domain.orders import DEFAULT_POOL
from podium.pod_manager.domain.phases import way
from podium.pod_manager.domain.policy import changed, resolved
from podium.pod_manager.domain.resources import PlanItem, Repository

QUICK_WORKSTREAM = "work"
"""The id of a QUICK pod's one workstream."""


def decide(draft: Draft, command: LifecycleCommand) -> None:
    """Add what the command leads to."""
    match command:
        case OpenPod():
            open_pod(draft, command)
        case UpdatePolicy():
            update_policy(draft, command)
        case CancelPod():
            cancel_pod(draft, command)
        case EvaluateNow():
            pass  # the scheduler looks after every command
        case TransitionPhase():
            transition_phase(draft, command)
        case ReportExternalSync():
            report_external_sync(draft, command)
        case _:
            assert_never(command)


def open_pod(draft: Draft, command: OpenPod) -> None:
    """POD_ALREADY_EXISTS, EMPTY_CONTENT, POLICY_INVALID."""
    pod_id = draft.pod.pod_id
    if draft.pod.revision:
        raise already_exists("POD_ALREADY_EXISTS", f"pod {pod_id} is open already", pod_id=pod_id)
    title = check_text("title", command.title).strip()
    check_text("request", command.request)
    check_text("repository", command.repository)
    draft.emit(
        PodOpened(
            project_id=command.project_id,
            number=command.number,
            title=title,
            request=command.request,
            repository=Repository(
                location=command.repository,
                base_branch=command.base_branch,
                branch_prefix=naming.branch_prefix(pod_id, title),
            ),
            policy=resolved(command.policy),
            quick=command.quick,
            pool=command.pool or DEFAULT_POOL,
        )
    )
    if command.quick:
        _open_quick(draft, title, command)
    elif command.spec:
        draft.emit(SpecUpdated(version=1, content=check_text("spec", command.spec)))


def _open_quick(draft: Draft, title: str, command: OpenPod) -> None:
    """The request is spec v1 and a plan of one workstream, approved by whoever opens the pod."""
    content = check_text("spec", command.spec or command.request)
    item = PlanItem(id=QUICK_WORKSTREAM, title=title, description=content)
    draft.emit(
        SpecUpdated(version=1, content=content),
        SpecApproved(version=1, by=draft.by),
        PlanUpdated(version=1, summary="", items=(item,)),
        PlanApproved(version=1, by=draft.by),
    )


def update_policy(draft: Draft, command: UpdatePolicy) -> None:
    """POLICY_INVALID, INVALID_FIELD; what changes nothing is no fact."""
    policy = changed(draft.pod.policy, command.policy, command.update_mask)
    if policy != draft.pod.policy:
        draft.emit(PolicyUpdated(policy=policy))


def cancel_pod(draft: Draft, command: CancelPod) -> None:
    """Interrupts agents, releases workspaces, keeps the reason."""
    finish(draft, Phase.CANCELLED, check_text("reason", command.reason, required=False))


def transition_phase(draft: Draft, command: TransitionPhase) -> None:
    """INVALID_TRANSITION, GUARD_NOT_MET. A person may complete a pod in REVIEW without landing, with a reason.

    A pod that a person sends back stays there until work is done again or a person moves it on.
    """
    check_text("reason", command.reason, required=False)
    step = way(draft.pod.phase, command.to)
    if command.to is Phase.CANCELLED:
        finish(draft, Phase.CANCELLED, command.reason)
    elif command.to is Phase.COMPLETED and step is not None:
        if not command.reason.strip():
            raise invalid("reason", "say why the pod is complete without landing", "EMPTY_CONTENT", field="reason")
        finish(draft, Phase.COMPLETED, command.reason)
    else:
        held = step is not None and step.back and command.to is Phase.WORKSTREAM_EXECUTION
        move(draft, command.to, command.reason, held=held)


def report_external_sync(draft: Draft, command: ReportExternalSync) -> None:
    """What is known already is no fact."""
    if command.external_sync != draft.pod.external_sync:
        draft.emit(ExternalSyncReported(external_sync=command.external_sync))
