"""A pod in a line, for the board."""

from podium.pod_manager.domain.graph import SATISFIED
from podium.pod_manager.domain.kinds import WorkstreamStatus
from podium.pod_manager.domain.queries import UNCLAIMED, live_agents
from podium.pod_manager.domain.resources import Pod
from podium.pod_manager.domain.views import PodSummary
from podium.pod_manager.domain.waiting import waiting_on


def summary(pod: Pod) -> PodSummary:
    """What the board shows."""
    statuses = [ws.status for ws in pod.workstreams.values()]
    return PodSummary(
        phase=pod.phase,
        pod_id=pod.pod_id,
        project_id=pod.project_id,
        number=pod.number,
        title=pod.title,
        revision=pod.revision,
        workstreams_total=len(statuses),
        workstreams_done=sum(status in SATISFIED for status in statuses),
        agents_running=sum(agent.status not in UNCLAIMED for agent in live_agents(pod)),
        attention=len(pod.inbox),
        waiting_on=waiting_on(pod),
        usage=pod.usage,
        created_time=pod.created_time,
        updated_time=pod.updated_time,
        blocked=WorkstreamStatus.FAILED in statuses or bool(pod.review.landing_error),
    )
