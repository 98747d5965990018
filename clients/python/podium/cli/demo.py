"""The demo: a whole run on a sample repository, with the scripted agent instead of a model.

Everything else is real: the services in processes of their own, worktrees, edits, commits, checks, merges, the
approvals through the same calls that a person's go through. `make demo` runs it, `podium demo` too.
"""

import asyncio
import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from podium.cli import actions, exits, opening, repository, supervision, web
from podium.cli.exits import CliError
from podium.cli.failures import explain
from podium.cli.follow import Ending, Follower, require
from podium.cli.output import Output
from podium.cli.screens import screen_for
from podium.cli.views.plain import word
from podium.cli.views.words import lower
from podium.client.errors import PodiumError
from podium.client.installation import Installation

if TYPE_CHECKING:
    from podium.cli.views.decisions import Decision
    from podium.client.connection import Podium
    from podium.pods.v1 import pod_pb2
    from podium.tasks.v1 import maestro_service_pb2, task_pb2

EXAMPLE = Path(__file__).parents[4] / "examples" / "shop"
PROFILE = "demo"
_TIMEOUT_SECONDS = 120.0
_GATEWAY_SECONDS = 0.5

_CONFIG = """\
[supervisor]
grace_seconds = 4

[profiles.{profile}]
kind = "scripted"
scenario = {scenario}
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo plays: a directory of its own, the repository and the installation in it."""

    root: Path
    repository: Path
    installation: Installation

    @classmethod
    def make(cls, example: Path) -> "Stage":
        """Copies the sample, makes a git repository of it, and writes the settings. Raises `CliError`."""
        if not (example / "repository").is_dir():
            raise CliError(f"the sample is not at {example}", "run the demo from a checkout: make demo")
        root = Path(tempfile.mkdtemp(prefix="podium-demo-"))
        stage = cls(root, root / "shop", Installation(root / "data"))
        try:
            stage._furnish(example)
        except BaseException:
            stage.remove()
            raise
        return stage

    def _furnish(self, example: Path) -> None:
        place, installation = self.repository, self.installation
        shutil.copytree(example / "repository", place, ignore=shutil.ignore_patterns("__pycache__"))
        _git(place, "init", "--quiet", "--initial-branch=main")
        _git(place, "add", "--all")
        _git(place, *_DEMO_IDENTITY, "commit", "--quiet", "--message=The shop as it was")
        installation.ensure()
        scenario = '"' + str(example / "scenario.toml") + '"'
        installation.config_file.write_text(_CONFIG.format(profile=PROFILE, scenario=scenario), encoding="utf-8")

    def remove(self) -> None:
        """Leaves nothing behind."""
        for directory in (self.root, self.installation.run_dir):  # the sockets may lie in a shorter place
            shutil.rmtree(directory, ignore_errors=True)


_DEMO_IDENTITY = ("-c", "user.name=Demo", "-c", "user.email=demo@localhost")


class Approver:
    """The person of the demo: reads for a moment, then approves whatever waits, by the person's own calls."""

    def __init__(self, podium: "Podium", say: Callable[[str], None], pause_seconds: float) -> None:
        self._podium = podium
        self._say = say
        self._pause = pause_seconds

    async def ask(self, decision: "Decision", pod: "pod_pb2.Pod") -> bool:
        """Approves; anything but an approval is not in the demo's script."""
        if decision.kind not in {"spec", "plan", "review"}:
            raise CliError(f"the demo met something unforeseen: {decision.title}\n{decision.body}")
        self._say(f"[yellow]▸ {decision.title}[/]")
        await asyncio.sleep(self._pause)
        done = await actions.approve(self._podium, pod.pod_id, decision)
        self._say(f"[green]▸ {done}[/] [dim](you would: podium approve {pod.number})[/]")
        return True


async def play(stage: Stage, out: Output, *, terminal: bool, pause_seconds: float = 0.6) -> "pod_pb2.Pod":
    """Runs the pod from the task's words to the landed commit; the pod as it ended."""
    from podium.client import Podium
    from podium.client.tasks import TaskSet

    place = repository.locate(str(stage.repository))
    async with Podium.connect(installation=stage.installation) as podium:
        await opening.ensure_project(podium, place)
        text = (EXAMPLE / "task.md").read_text(encoding="utf-8").strip()
        task = await opening.create_task(podium, place.project_id, text)
        out.say(f"[bold cyan]#{task.number}[/] [bold]{task.title}[/]")
        order = opening.Order(text=text, profile=PROFILE, extra_policy=_policy())
        pod = await opening.open_pod(podium, place, task, order)
        screen = screen_for(out, terminal=terminal and not out.as_json)
        follower = Follower(podium, pod.pod_id, screen, Approver(podium, out.say, pause_seconds))
        async with asyncio.timeout(_TIMEOUT_SECONDS), TaskSet("demo") as tasks:
            tasks.spawn(_tell_status(podium, task, out), name="status")
            ending, last = await follower.run()
        if ending is Ending.DETACHED:
            raise CliError("you interrupted the demo")
        await _summary(podium, require(last), out)
    return require(last)


def _policy() -> "pod_pb2.Policy":
    """What goes wrong in a demo is shown soon, not tried for minutes."""
    from podium.pods.v1 import pod_pb2

    policy = pod_pb2.Policy(max_attempts=2)
    policy.retry_backoff.FromMilliseconds(500)
    return policy


async def _tell_status(podium: "Podium", task: "task_pb2.Task", out: Output) -> None:
    """Says what Maestro says of the task, as its own watch tells it."""
    from podium.client import watch
    from podium.tasks.v1 import maestro_service_pb2 as calls

    def open_call(after: int | None) -> "AsyncIterator[calls.WatchProjectResponse]":
        request = calls.WatchProjectRequest(project_id=task.project_id, after_revision=after)
        return cast("AsyncIterator[calls.WatchProjectResponse]", podium.maestro.WatchProject(request))

    status = ""
    with contextlib.suppress(BrokenPipeError):  # the pod's own lines meet it too, and end the demo
        async for item in watch.resuming(open_call, _revision_of):
            for each in item.change.tasks:
                if each.id == task.id and word(each, "status") != status:
                    status = word(each, "status")
                    out.say(f"[blue]task #{each.number} is {lower(status)}[/]")


def _revision_of(item: "maestro_service_pb2.WatchProjectResponse") -> int | None:
    if item.WhichOneof("item") == "bookmark":
        return item.bookmark.revision
    return item.change.to_revision or None


async def _summary(podium: "Podium", pod: "pod_pb2.Pod", out: Output) -> None:
    from podium.events.v1 import event_service_pb2
    from podium.tasks.v1 import maestro_service_pb2

    newest = 0
    async for batch in podium.event_store.ReadAll(event_service_pb2.ReadAllRequest(backwards=True, limit=1)):
        newest = max((event.position for event in batch.events), default=newest)
    request = maestro_service_pb2.ListSessionsRequest(project_id=pod.project_id, task_id=pod.pod_id)
    sessions = (await podium.maestro.ListSessions(request)).sessions
    out.say(f"\n[bold]{newest} events[/] in the store, {pod.revision} of them the pod's own; {len(sessions)} sessions:")
    for session in sessions:
        out.say(f"  {lower(word(session, 'status')):<10} {{name}}", name=session.name)


def prove(stage: Stage, pod: "pod_pb2.Pod", out: Output) -> None:
    """Shows the commits and runs the sample's own tests on the landed branch. Raises `CliError` where they fail."""
    if word(pod, "phase") != "COMPLETED" or not pod.review.landed_commit:
        raise CliError(f"the pod ended as {lower(word(pod, 'phase'))}, not landed: {pod.closing_reason}")
    head = _git(stage.repository, "rev-parse", "main")
    if head != pod.review.landed_commit:
        raise CliError(f"main is at {head}, the pod says it landed {pod.review.landed_commit}")
    out.say("\n[bold]git log --graph[/]")
    for line in _git(
        stage.repository, "log", "--graph", "--format=%h %s%d", "--decorate-refs=main", "main"
    ).splitlines():
        out.item({"log": line}, f"  {line}")
    tests = subprocess.run(
        [sys.executable, "-m", "unittest", "discover", "-t", ".", "-s", "tests"],
        cwd=stage.repository,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    out.say("\n[bold]python -m unittest[/] on main")
    for line in tests.stderr.strip().splitlines()[-3:]:
        out.item({"tests": line}, f"  {line}")
    if tests.returncode != 0:
        raise CliError("the sample's tests fail on the landed branch", tests.stderr)
    if dirty := _git(stage.repository, "status", "--porcelain"):
        raise CliError("the checkout is not clean after landing", dirty)


def run(out: Output, *, terminal: bool, keep: bool = False) -> None:
    """The whole demo; raises `CliError` with the cause when anything is not as it should be."""
    began = time.monotonic()
    stage = Stage.make(EXAMPLE)
    try:
        out.say(f"Podium starts its services in {stage.root}")
        supervision.start(stage.installation, with_caller=True)
        services = len(supervision.read_state(stage.installation).get("services", []))
        out.say(f"[dim]{services} services, ready after {time.monotonic() - began:.1f} s[/]")
        _name_the_web(stage, out)
        pod = asyncio.run(play(stage, out, terminal=terminal))
        prove(stage, pod, out)
    except (TimeoutError, CliError, PodiumError) as error:
        keep = True
        raise _with_place(stage, error) from error
    finally:
        supervision.stop(stage.installation)
        if not keep:
            stage.remove()
    out.say(f"\n[green]✓[/] from words to a landed commit in {time.monotonic() - began:.1f} s. Now your own:")
    out.say("  [bold]podium doctor[/]                       what is here, what is missing")
    out.say('  [bold]cd your-repository && podium run "…"[/]  with the coding agent on your PATH')
    out.say("  [bold]podium up && podium open[/]             the same in the browser, all tasks at once")
    if keep:
        out.say(f"  everything of the demo is still in {stage.root}")


def _name_the_web(stage: Stage, out: Output) -> None:
    """Where to watch it happen; without a built interface the run is all there is to see."""
    gateway = web.find(stage.installation, _GATEWAY_SECONDS)
    if gateway is not None and gateway.has_ui:
        url = web.sign_in_url(stage.installation, gateway)
        out.item({"url": url}, f"in the browser, while it lasts: {url}")
    elif gateway is not None:
        out.say(f"[dim]{web.NOT_BUILT}[/]")
    out.say("")


def _with_place(stage: Stage, error: TimeoutError | CliError | PodiumError) -> CliError:
    if isinstance(error, TimeoutError):
        error = CliError(f"the demo was not done after {_TIMEOUT_SECONDS:.0f} s")
    elif isinstance(error, PodiumError):
        error = explain(error)
    hint = f"{error.hint}\n  logs and repository are kept in {stage.root}".strip()
    return CliError(error.message, hint, exits.FAILED)


def _git(place: Path, *arguments: str) -> str:
    found = repository.git(place, *arguments)
    if found is None:
        raise CliError(f"git {' '.join(arguments)} failed in {place}", "`podium doctor` checks git")
    return found


if __name__ == "__main__":
    from podium.cli.main import main

    sys.argv.insert(1, "demo")
    main()
