"""From words to an open pod: project and task in Maestro, the pod beside them. Shared by `run` and the demo."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from podium.cli import exits
from podium.cli.exits import CliError
from podium.cli.repository import Repository

if TYPE_CHECKING:
    from podium.client.connection import Podium
    from podium.pods.v1 import pod_pb2
    from podium.tasks.v1 import task_pb2

TITLE_LIMIT = 80
_BUDGET_HINT = "a budget is tokens=500k, cost=5 (USD), time=2h, or several of them with commas"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_THOUSANDS = {"k": 1_000, "M": 1_000_000}


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done, and how."""

    text: str
    profile: str
    quick: bool = False
    autonomous: bool = False
    budget: str = ""
    base_branch: str = ""
    pull_request: bool = False
    """Land by one."""
    extra_policy: "pod_pb2.Policy | None" = None


def with_text(order: Order, text: str) -> Order:
    """The same order in other words."""
    return replace(order, text=text)


def title_of(text: str) -> str:
    """The first line, without markdown's heading signs, cut where it is too long."""
    first = next((line.strip().lstrip("#").strip() for line in text.splitlines() if line.strip()), "")
    return first if len(first) <= TITLE_LIMIT else first[: TITLE_LIMIT - 1].rstrip() + "…"


def budget_of(text: str) -> "pod_pb2.Budget":
    """`tokens=500k,cost=2.50,time=90m` as a budget. Raises `CliError`."""
    from podium.pods.v1 import pod_pb2

    budget = pod_pb2.Budget()
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, value = part.partition("=")
        try:
            match name:
                case "tokens":
                    budget.tokens = round(float(value.rstrip("kM")) * _THOUSANDS.get(value[-1:], 1))
                case "cost":
                    budget.cost_micros = round(float(value) * 1_000_000)
                case "time":
                    budget.agent_time.FromSeconds(round(float(value[:-1]) * _UNITS[value[-1:]]))
                case _:
                    raise ValueError(name)
        except (ValueError, KeyError, OverflowError) as error:
            raise CliError(f"{part!r} is no budget", _BUDGET_HINT, exits.USAGE) from error
    return budget


def policy_of(order: Order) -> "pod_pb2.Policy":
    """The order's policy; what it leaves open takes Podium's defaults."""
    from podium.pods.v1 import pod_pb2

    policy = pod_pb2.Policy(profiles=[pod_pb2.ProfileChoice(profile=order.profile)])
    if order.autonomous:
        policy.autonomy = pod_pb2.AUTONOMY_AUTONOMOUS
    if order.pull_request:
        policy.landing = pod_pb2.LANDING_PULL_REQUEST
    if order.budget:
        policy.budget.CopyFrom(budget_of(order.budget))
    if order.extra_policy is not None:
        policy.MergeFrom(order.extra_policy)
    return policy


async def ensure_project(podium: "Podium", repository: Repository) -> None:
    """Makes the project known to Maestro; that it is already is fine."""
    from podium.client.errors import AlreadyExistsError
    from podium.tasks.v1 import maestro_service_pb2 as calls

    request = calls.CreateProjectRequest(
        project_id=repository.project_id, name=repository.name, repository=repository.location
    )
    try:
        await podium.maestro.CreateProject(request)
    except AlreadyExistsError:
        return


async def create_task(podium: "Podium", project_id: str, text: str) -> "task_pb2.Task":
    """A new task of the project."""
    from podium.tasks.v1 import maestro_service_pb2 as calls

    request = calls.CreateTaskRequest(project_id=project_id, title=title_of(text), prompt=text)
    return (await podium.maestro.CreateTask(request)).task


async def open_with_task(podium: "Podium", repository: Repository, order: Order) -> "pod_pb2.Pod":
    """A new task and its pod; a pod that is refused leaves no task behind."""
    from podium.client.errors import PodiumError
    from podium.tasks.v1 import maestro_service_pb2 as calls

    task = await create_task(podium, repository.project_id, order.text)
    try:
        return await open_pod(podium, repository, task, order)
    except PodiumError as error:
        if not error.is_outcome_unknown:
            with suppress(PodiumError):
                await podium.maestro.DeleteTask(calls.DeleteTaskRequest(project_id=task.project_id, task_id=task.id))
        raise


async def find_task(podium: "Podium", project_id: str, number: int) -> "task_pb2.Task":
    """The task with this number. Raises `CliError`."""
    from podium.tasks.v1 import maestro_service_pb2 as calls

    found = (await podium.maestro.ListTasks(calls.ListTasksRequest(project_id=project_id, number=number))).tasks
    if not found:
        raise CliError(f"no task #{number} in this project", "`podium ls` lists them", exits.NOT_FOUND)
    return found[0]


async def open_pod(podium: "Podium", repository: Repository, task: "task_pb2.Task", order: Order) -> "pod_pb2.Pod":
    """Opens the pod of a task; its id is the task's."""
    from podium.pods.v1 import pod_service_pb2 as calls

    request = calls.OpenPodRequest(
        pod_id=task.id,
        project_id=repository.project_id,
        number=task.number,
        title=task.title or title_of(order.text),
        request=order.text,
        repository=repository.location,
        base_branch=order.base_branch or repository.branch,
        quick=order.quick,
        policy=policy_of(order),
    )
    return (await podium.pods.OpenPod(request)).pod
