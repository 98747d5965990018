"""Where following shows: a live screen on a terminal, lines in a pipe, JSON lines for programs."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from podium.cli.output import Output
from podium.cli.views.decisions import decisions
from podium.cli.views.narration import name_of, tell, unpack
from podium.cli.views.plain import plain
from podium.cli.views.words import clock

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from podium.cli.notify import Notifier
    from podium.pods.v1 import pod_pb2, pod_service_pb2

_REFRESHES_PER_SECOND = 8
_UNTOLD_KEPT = 200


class Screen(Protocol):
    """What following needs of a screen."""

    def update(self, pod: "pod_pb2.Pod", events: "Sequence[pod_service_pb2.PodEvent]") -> None:
        """The pod changed."""

    def note(self, text: str) -> None:
        """Something about the following itself."""

    def pause(self) -> None:
        """Somebody else writes to the terminal now."""

    def resume(self) -> None:
        """The terminal is free again."""

    def close(self) -> None:
        """The last word."""


class LineScreen:
    """A line an event."""

    def __init__(self, out: Output) -> None:
        self._out = out

    def update(self, pod: "pod_pb2.Pod", events: "Sequence[pod_service_pb2.PodEvent]") -> None:
        """Prints what is worth telling."""
        for event in events:
            if text := tell(event, pod):
                self._out.item(None, f"{clock(event.time)}  {text}")

    def note(self, text: str) -> None:
        """A line."""
        self._out.say(text)

    def pause(self) -> None:
        """Nothing is on the screen."""

    def resume(self) -> None:
        """Nothing to bring back."""

    def close(self) -> None:
        """Nothing to take away."""


class Notifying:
    """A screen that also has a command run for whatever begins to need a person."""

    def __init__(self, screen: Screen, notifier: "Notifier") -> None:
        self._screen, self._notifier = screen, notifier
        self.note, self.pause, self.resume, self.close = screen.note, screen.pause, screen.resume, screen.close

    def update(self, pod: "pod_pb2.Pod", events: "Sequence[pod_service_pb2.PodEvent]") -> None:
        """Shows it, and looks at what it needs."""
        self._screen.update(pod, events)
        needs = [("/".join(each.key), each.title) for each in decisions(pod)]
        self._notifier.look(pod.pod_id, pod.number, pod.title, needs)


class JsonScreen(LineScreen):
    """A JSON object an event."""

    def update(self, pod: "pod_pb2.Pod", events: "Sequence[pod_service_pb2.PodEvent]") -> None:
        """Prints every event, also those that people need not hear."""
        for event in events:
            self._out.item(event_data(event), "")


class LiveScreen:
    """Sentences that scroll, above a picture of the pod that is drawn anew."""

    def __init__(self, out: Output, picture: "Callable[[pod_pb2.Pod, float], RenderableType]") -> None:
        self._out = out
        self._picture = picture
        self._pod: pod_pb2.Pod | None = None
        self._live: Live | None = None
        self._untold: list[tuple[str, str]] = []

    def update(self, pod: "pod_pb2.Pod", events: "Sequence[pod_service_pb2.PodEvent]") -> None:
        """Tells the events and draws the pod; what comes during a pause is told after it."""
        self._pod = pod
        told = [(clock(event.time), tell(event, pod)) for event in events]
        self._untold = [*self._untold, *(each for each in told if each[1])][-_UNTOLD_KEPT:]
        if self._live is not None:
            self._tell()
            self._live.refresh()

    def note(self, text: str) -> None:
        """A sentence among the others."""
        self._untold.append(("        ", text))
        if self._live is not None:
            self._tell()

    def pause(self) -> None:
        """Takes the picture away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def resume(self) -> None:
        """Brings the picture back."""
        from rich.live import Live

        if self._live is None:
            self._live = Live(
                console=self._out.console,
                get_renderable=self._draw,
                refresh_per_second=_REFRESHES_PER_SECOND,
                transient=True,
            )
            self._live.start()
            self._tell()

    def close(self) -> None:
        """Leaves the last picture standing."""
        self.pause()
        self._tell()
        if self._pod is not None:
            self._out.console.print(self._draw())

    def _tell(self) -> None:
        from rich.text import Text

        for time_of_day, text in self._untold:
            self._out.console.print(Text.assemble((time_of_day, "dim"), "  ", text))
        self._untold = []

    def _draw(self) -> "RenderableType":
        from rich.text import Text

        return Text("") if self._pod is None else self._picture(self._pod, time.time())


def event_data(event: "pod_service_pb2.PodEvent") -> dict[str, object]:
    """An event as a JSON value, with its fact unpacked."""
    data = plain(event)
    fact = unpack(event)
    return {**data, "type": name_of(event), "fact": plain(fact) if fact is not None else data["fact"]}


def screen_for(out: Output, *, terminal: bool) -> Screen:
    """The screen that fits."""
    from podium.cli.views.pod import live

    if out.as_json:
        return JsonScreen(out)
    return LiveScreen(out, live) if terminal else LineScreen(out)
