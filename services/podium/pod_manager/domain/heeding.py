"""Which facts the scheduler need not look at: of these many come, and no rule reads what they change."""

from podium.pod_manager.domain.events.agents import AgentProgressed, AgentReported
from podium.pod_manager.domain.events.messages import InboxItemsRead, MessagePosted
from podium.pod_manager.domain.kinds import MessageKind
from podium.pod_manager.domain.queries import is_full
from podium.pod_manager.domain.resources import Pod, Usage

_ASKS = frozenset({MessageKind.QUESTION, MessageKind.BLOCKER})
_NOTHING_USED = Usage()


def heeds(pod: Pod, event: object) -> bool:
    """Whether `schedule` or `due` could say something else after this fact; `pod` is the state after it.

    Words that ask nothing, progress and what was read change nothing that a rule looks at, until the pod is full.
    """
    match event:
        case MessagePosted(message=message):
            asks = message.kind in _ASKS
        case AgentReported(usage=usage):
            asks = usage != _NOTHING_USED
        case AgentProgressed() | InboxItemsRead():
            asks = False
        case _:
            return True
    return asks or is_full(pod)
