"""`podium interrupt`."""

import click

from podium.cli import actions
from podium.cli.common import Cli, command
from podium.cli.resolve import find_agent, resolve_pod


@click.command()
@click.argument("task", required=False)
@click.argument("agent", required=False)
@click.option("--reason", default="", help="Kept with it.")
@command
async def interrupt(cli: Cli, task: str | None, agent: str | None, reason: str) -> None:
    """End an agent (by id, the end of its id, or its workstream; nothing: the only one). Retry or skip decides then."""
    from podium.pods.v1 import pod_service_pb2

    if task is not None and agent is None and task.startswith("agent_"):
        task, agent = None, task
    async with cli.connect() as podium:
        pod = await actions.get_pod(podium, await resolve_pod(podium, task))
        found = find_agent(pod, agent)
        request = pod_service_pb2.InterruptAgentRequest(pod_id=pod.pod_id, agent_id=found.id, reason=reason)
        await podium.pods.InterruptAgent(request)
    cli.out.show({"pod_id": pod.pod_id, "agent_id": found.id}, lambda: f"{found.id} is being ended")
