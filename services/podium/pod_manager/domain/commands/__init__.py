"""Every command on a pod; an area a module, the union of all of them here."""

from podium.pod_manager.domain.commands.agents import AgentCommand
from podium.pod_manager.domain.commands.documents import DocumentCommand
from podium.pod_manager.domain.commands.lifecycle import LifecycleCommand
from podium.pod_manager.domain.commands.messages import MessageCommand
from podium.pod_manager.domain.commands.review import ReviewCommand
from podium.pod_manager.domain.commands.workstreams import WorkstreamCommand

Command = LifecycleCommand | DocumentCommand | WorkstreamCommand | AgentCommand | MessageCommand | ReviewCommand

__all__ = [
    "AgentCommand",
    "Command",
    "DocumentCommand",
    "LifecycleCommand",
    "MessageCommand",
    "ReviewCommand",
    "WorkstreamCommand",
]
