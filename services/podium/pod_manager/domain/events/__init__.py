"""Every fact of a pod; an area a module, the union of all of them here."""

from podium.pod_manager.domain.events.agents import AgentEvent
from podium.pod_manager.domain.events.documents import DocumentEvent
from podium.pod_manager.domain.events.lifecycle import LifecycleEvent
from podium.pod_manager.domain.events.messages import MessageEvent
from podium.pod_manager.domain.events.review import ReviewEvent
from podium.pod_manager.domain.events.workstreams import WorkstreamEvent

Event = LifecycleEvent | DocumentEvent | WorkstreamEvent | AgentEvent | MessageEvent | ReviewEvent

__all__ = ["AgentEvent", "DocumentEvent", "Event", "LifecycleEvent", "MessageEvent", "ReviewEvent", "WorkstreamEvent"]
