"""A real, unmodified agent in a sandbox: no network but its model's port, no home but its own folder."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from podium.client.presets import PRESETS
from podium.pods.v1 import pod_pb2 as pods
from tests.fakes.model_endpoint import ModelEndpoint, Play, run, say, tool, write
from tests.runner.house import POD, House, house
from tests.runner.repo import Repo
from tests.runner.test_sandbox import needs_bwrap
from tests.support.real_agents import den, installed

pytestmark = pytest.mark.timeout(300)

WORK = Play(
    "Do it",
    [
        tool("report_progress", text="by a tool, from inside"),
        write("shed.txt", "a blue shed\n"),
        run("git add --all && git commit --quiet -m 'Paint it'; ls -A $HOME > home.txt; cat $OUTSIDE >> home.txt"),
        tool("complete", summary="The shed is blue"),
        say("Done."),
    ],
)


@pytest.fixture
def model() -> Iterator[ModelEndpoint]:
    with ModelEndpoint(Play(WORK.when, WORK.moves)) as serving:
        yield serving


async def ended(at_home: House) -> None:
    """Wait until it has ended, or seems to do nothing more: a program of this size starts slowly on a busy machine."""
    async with asyncio.timeout(240):
        while not any(at_home.pods.reports("agent_1", kind) for kind in ("completed", "failed")):
            at_home.pods.changed.clear()
            await at_home.pods.changed.wait()


@pytest.mark.soak
@needs_bwrap
@pytest.mark.parametrize("name", ["qwen"])
async def test_a_caged_agent_works(
    tmp_path: Path, repo: Repo, model: ModelEndpoint, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It speaks to its model and to Podium's tools through their ports, commits, and completes; it saw nothing else."""
    agent = den(name, tmp_path / "den", model)
    for variable, value in agent.environment.items():
        monkeypatch.setenv(variable, value)
    outside = tmp_path / "outside.txt"
    outside.write_text("what it must not see")
    preset = PRESETS[name]
    profile = preset.profile(preset.forms[0])
    # It would go by a proxy to Podium's tools too; nothing but two ports of this machine is there to be reached anyway.
    profile["set_env"] |= dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "")
    profile["set_env"]["OUTSIDE"] = str(outside)
    profile |= {
        "sandbox": "bwrap",
        "sandbox_ports": [urlsplit(model.url).port],
        "sandbox_read": [str(installed()), str(agent.folder / "bin")],
        "sandbox_write": [f"~/.{name}"],
    }
    async with house(tmp_path, repo) as at_home:
        at_home.pods.pods[POD].policy.permissions = pods.PERMISSION_MODE_ALLOW
        await at_home.start_runner({"it": profile})
        await at_home.launch("agent_1")
        await ended(at_home)
        end = await at_home.pods.end_of("agent_1")
        assert end.completed.summary == "The shed is blue"
        said = [report.progress.text for report in at_home.pods.reports("agent_1", "progress")]
        assert "by a tool, from inside" in said
        assert repo.show(f"{end.completed.commit}:shed.txt") == "a blue shed"
        assert repo.show(f"{end.completed.commit}:home.txt") == f".{name}"
        assert model.problems == []
        await at_home.stop_runner()
