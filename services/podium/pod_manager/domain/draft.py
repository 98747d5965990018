"""A decision in the making."""

from podium.kernel.entity import Context, Outbound, Recorded
from podium.pod_manager.domain.events import Event
from podium.pod_manager.domain.evolve import evolve
from podium.pod_manager.domain.resources import Pod


class Draft:
    """The facts decided so far, and the pod as they leave it, so that each rule looks at what the one before it did.

    Lives within one call of `decide` or `schedule`; nothing of it is kept.
    """

    __slots__ = ("by", "context", "items", "now", "pod")

    def __init__(self, pod: Pod, context: Context, by: str = "") -> None:
        self.pod = pod
        self.context = context
        self.now = context.now
        self.by = by or str(context.actor)
        """Who counts as the doer: the caller, `policy` or `scheduler`."""
        self.items: list[object] = []

    def emit(self, *events: Event) -> None:
        """Add facts, in order."""
        for event in events:
            self.items.append(event)
            revision, request_id = self.pod.revision + 1, self.context.request_id
            recorded = Recorded(event, revision, self.now, str(self.context.actor), request_id)
            self.pod = evolve(self.pod, recorded)

    def send(self, stream: str, event: object) -> None:
        """Add an event for another stream, stored in the same append."""
        self.items.append(Outbound(stream, event))
