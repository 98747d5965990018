"""The rules of pods behind the engine's protocol."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from podium.kernel.entity import Context, Key, Recorded
from podium.pod_manager.domain.commands import Command
from podium.pod_manager.domain.decide import decide
from podium.pod_manager.domain.evolve import evolve, initial, touched
from podium.pod_manager.domain.heeding import heeds
from podium.pod_manager.domain.resources import Pod
from podium.pod_manager.domain.schedule import due, schedule


class PodDomain:
    """A pod as the engine sees it (`podium.kernel.entity.Domain`)."""

    service = "pod-manager"
    category = "pods"
    schema_version = 2
    """2: the weight of what a pod holds is part of the state; older snapshots are folded anew."""

    def initial(self, entity_id: str) -> Pod:
        """Before the first fact."""
        return initial(entity_id)

    def decide(self, state: Pod, command: Command, context: Context) -> Sequence[object]:
        """See `decide.decide`."""
        return decide(state, command, context)

    def schedule(self, state: Pod, context: Context) -> Sequence[object]:
        """See `schedule.schedule`."""
        return schedule(state, context)

    def evolve(self, state: Pod, recorded: Recorded) -> Pod:
        """See `evolve.evolve`."""
        return evolve(state, recorded)

    def due(self, state: Pod) -> datetime | None:
        """See `schedule.due`."""
        return due(state)

    def heeds(self, state: Pod, event: object) -> bool:
        """See `heeding.heeds`."""
        return heeds(state, event)

    def touched(self, state: Pod, recorded: Recorded) -> frozenset[Key]:
        """See `evolve.touched`."""
        return touched(state, recorded)

    def metadata(self, state: Pod) -> Mapping[str, str]:
        """Every fact names its project, so that Maestro can follow one project's pods."""
        return {"project_id": state.project_id}
