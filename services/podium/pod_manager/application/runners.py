"""Whether any living runner can do what a pod waits for, judged from the leases; and why not, in words for people."""

from podium.chassis.leases import Leases
from podium.pod_manager.domain.kinds import JobKind
from podium.pod_manager.domain.orders import runner_stream
from podium.pod_manager.domain.queries import is_terminal
from podium.pod_manager.domain.resources import Job, Pod
from podium.pod_manager.domain.waiting import in_words

NAMES_SHOWN = 10


def missing_runner(pod: Pod, leases: Leases) -> str:
    """Why nobody can do the oldest open job that nobody can do; empty where there is none."""
    if is_terminal(pod):
        return ""
    for name in sorted(pod.jobs, key=lambda each: int(each.rpartition("_")[2])):
        reason = _missing_for(pod, pod.jobs[name], leases)
        if reason:
            return reason
    return ""


def _missing_for(pod: Pod, job: Job, leases: Leases) -> str:
    if job.stream == runner_stream(pod.home_runner):
        gone = f"runner {pod.home_runner}, which has this pod's worktrees, is not there: start it again"
        return "" if pod.home_runner in leases else gone
    return _missing_in_pool(pod, job, leases) if job.kind is JobKind.LAUNCH else ""


def _missing_in_pool(pod: Pod, job: Job, leases: Leases) -> str:
    pool = job.stream.partition("/")[2]
    runners = [lease for lease in leases.values() if lease.is_runner and pool in lease.pools]
    if not runners:
        return f"no runner of pool {pool} is there: start one (`podium status` shows what runs)"
    agent = pod.agents[job.agent_id]
    if any(agent.profile in lease.profiles for lease in runners):
        return ""
    offered = sorted(frozenset().union(*(lease.profiles for lease in runners)))
    names = ", ".join(offered[:NAMES_SHOWN]) or "none"
    if not agent.profile:
        return f"the policy names no profile for the {in_words(agent.kind)}: choose one of {names}"
    return f"no runner offers profile {agent.profile}; offered: {names}"
