"""What an agent is told and given before its first turn: its instructions, and its surroundings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from podium.pods.v1.pod_pb2 import Pod
from podium.runner import prompts
from podium.runner.agents.commands import Surroundings
from podium.runner.agents.live import LiveAgent
from podium.runner.prompts.build import NAMES, Situation, instructions
from podium.runner.prompts.reporting import Speech
from podium.runner.settings import Profile
from podium.runner.workspaces.repository_file import PROMPTS_FOLDER
from podium.runner.workspaces.service import Prepared, Workspaces


def surroundings(
    agent: LiveAgent, prepared: Prepared, address: str, programs: Path, ports: Sequence[int] = ()
) -> Surroundings:
    """What its process finds; `address` is the local endpoint, `programs` the folder that holds `podium`.

    `ports` are those at which the runner's tools are, for a process that sees no others.
    """
    record, order = agent.record, agent.record.order.launch
    return Surroundings(
        agent_id=record.agent_id,
        pod_id=record.pod_id,
        kind=NAMES[order.kind],
        workstream_id=order.workstream_id,
        attempt=order.attempt,
        address=address,
        token=record.token,
        worktree=prepared.path,
        folder=agent.records.folder(record.agent_id),
        port_base=prepared.attempt.port_base,
        identity=prepared.identity,
        commands=programs,
        ports=ports,
    )


@dataclass(frozen=True, slots=True)
class Brief:
    """What an agent is told."""

    text: str
    """Its instructions."""
    template: str
    """The template that they were made from, with its version."""
    speech: Speech
    """How it reports."""


async def brief(agent: LiveAgent, profile: Profile, pod: Pod, prepared: Prepared, workspaces: Workspaces) -> Brief:
    """Its instructions, by the repository's own template where it has one. Raises SetupError where that is wrong."""
    record, order = agent.record, agent.record.order.launch
    kind = NAMES[order.kind]
    checks = [line if isinstance(line, str) else " ".join(line) for line in prepared.file.checks.run]
    situation = Situation(
        kind=order.kind,
        workstream_id=order.workstream_id,
        attempt=order.attempt,
        branch=prepared.attempt.branch,
        start_commit=prepared.attempt.start_commit,
        base_commit=prepared.base_commit,
        conflict_branch=order.conflict_branch,
        port_base=prepared.attempt.port_base,
        checks=checks,
        by_exit=profile.result == "exit",
        by_stdout=profile.output == "stdout",
        by_tools=profile.kind == "acp" and profile.mcp,
    )
    path = f"{PROMPTS_FOLDER}/{kind}.md"
    own = await workspaces.prompt_override(record.pod_id, record.place, path)
    template = prompts.template(kind) if own is None else prompts.from_repository(path, own)
    return Brief(instructions(template, pod, situation), template.name, situation.speech)
