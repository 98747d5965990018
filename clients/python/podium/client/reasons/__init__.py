"""An exception for each documented reason, each a subclass of its family (`podium.client.errors`).

    try:
        await podium.maestro.GetTask(…)
    except TaskNotFoundError as error:
        print(error.metadata["task_id"])

The docstrings say cause · metadata · what to do. A reason that this client is too old to know comes as its family.
"""

from podium.client.families import PodiumError
from podium.client.reasons import common, events, gateway, pods, tasks
from podium.client.reasons.common import *  # noqa: F403
from podium.client.reasons.events import *  # noqa: F403
from podium.client.reasons.gateway import *  # noqa: F403
from podium.client.reasons.pods import *  # noqa: F403
from podium.client.reasons.tasks import *  # noqa: F403

CLASSES: dict[str, type[PodiumError]] = {
    **common._BY_REASON,
    **events._BY_REASON,
    **pods._BY_REASON,
    **tasks._BY_REASON,
    **gateway._BY_REASON,
}
"""By reason."""
