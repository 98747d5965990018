"""`podium policy`."""

import click

from podium.cli import actions
from podium.cli.common import Cli, command
from podium.cli.resolve import names_a_pod, resolve_pod
from podium.cli.views import policy_text


@click.command()
@click.argument("words", nargs=-1, metavar="[TASK] [NAME=VALUE …]")
@command
async def policy(cli: Cli, words: tuple[str, ...]) -> None:
    """Show the rules of a pod, or change some of them live.

    Names: autonomy, permissions, priority, max_parallel_agents, max_attempts, auto_start_agents, retry_backoff,
    retry_backoff_limit, spawn_cooldown, agent_time_limit, budget.tokens, budget.cost_micros, budget.agent_time,
    landing (target, pull_request), profile (of all agents), profile.worker (and spec_writer, planner, reviewer,
    resolver). Times as 90s, 10m, 2h.
    """
    task, changes = _split(words)
    async with cli.connect() as podium:
        pod = await actions.get_pod(podium, await resolve_pod(podium, task))
        if changes:
            from podium.pods.v1 import pod_service_pb2 as calls

            values, paths = policy_text.parse(changes, pod.policy)
            request = calls.UpdatePolicyRequest(pod_id=pod.pod_id, policy=values)
            request.update_mask.paths.extend(paths)
            await podium.pods.UpdatePolicy(request)
            pod = await actions.get_pod(podium, pod.pod_id)
    shown = policy_text.plain_policy(pod.policy)
    cli.out.show(shown, lambda: "\n".join(f"{name} = {value}" for name, value in shown.items()))


def _split(words: tuple[str, ...]) -> tuple[str | None, list[tuple[str, str]]]:
    changes = [(name, value) for name, sign, value in (word.partition("=") for word in words) if sign]
    rest = [word for word in words if "=" not in word]
    if len(rest) > 1 or (rest and not names_a_pod(rest[0])):
        raise click.UsageError("one task, then NAME=VALUE as often as you like")
    return (rest[0] if rest else None), changes
