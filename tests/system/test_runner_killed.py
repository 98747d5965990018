"""The runner dies, or freezes, in the middle of each thing that it does with workspaces: nothing is lost or doubled."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from podium.cli.history import all_events
from podium.cli.views.narration import name_of, unpack
from podium.cli.views.plain import word
from podium.client import Podium
from podium.pods.v1 import pod_pb2
from podium.runner.processes import table
from tests.support import slow_git
from tests.support.installation import LocalInstallation
from tests.support.shop import Shop
from tests.support.story import approvals, approve_all, finished, open_pod, until

pytestmark = pytest.mark.timeout(240)

AGENT = """#!/bin/sh
echo $$ >> '{place}/agents'
[ -e '{place}/held' ] && {{ touch '{place}/waiting'; while [ -e '{place}/held' ]; do sleep 0.02; done; }}
echo "by $PODIUM_AGENT_ID" > work.txt
podium agent complete "worked"
"""


@dataclass
class Scene:
    """An installation with a command agent that can be held, and a git that can."""

    place: Path
    local: LocalInstallation
    podium: Podium
    shop: Shop
    git: slow_git.SlowGit

    async def begin(self) -> pod_pb2.Pod:
        return await open_pod(self.podium, self.shop.repository, "Work", "it", quick=True)

    async def kill(self) -> None:
        """SIGKILL to the runner; the supervisor starts another, which is awaited."""
        pid = self.local.kill("runner")
        await self.local.back("runner", pid)

    def marked(self) -> list[int]:
        """Processes that a runner of this installation started for an agent or a step, and that live."""
        found = []
        for row in table.rows():
            try:
                environment = Path(f"/proc/{row.pid}/environ").read_bytes()
                directory = Path(f"/proc/{row.pid}/cwd").resolve()
            except OSError:
                continue
            if table.MARKER.encode() in environment and directory.is_relative_to(self.place.resolve()):
                found.append(row.pid)
        return found

    async def until_file(self, name: str) -> None:
        async with asyncio.timeout(60):
            while not (self.place / name).exists():
                await asyncio.sleep(0.02)

    async def facts(self, pod: pod_pb2.Pod) -> list[tuple[str, Any]]:
        return [(name_of(event), unpack(event)) for event in await all_events(self.podium, pod.pod_id)]


@asynccontextmanager
async def scene(
    place: Path, monkeypatch: pytest.MonkeyPatch, text: str = "", **overrides: Mapping[str, Any]
) -> AsyncIterator[Scene]:
    git = slow_git.install(place / "slow")
    shop = Shop(place / "repo sitory", place / "agent", place / "held")
    shop.repository.mkdir()
    (shop.repository / "work.txt").write_text("as it was\n")
    if text:
        (shop.repository / ".podium.toml").write_text(text)
    shop.git("init", "--quiet", "--initial-branch=main")
    shop.git("add", "--all")
    shop.git("-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", "As it was")
    shop.scenario.write_text(AGENT.format(place=place))
    shop.scenario.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.folder}{os.pathsep}{os.environ['PATH']}")
    profile = {"command": [str(shop.scenario)]}
    async with LocalInstallation(place, profiles={"it": profile}, **overrides) as local, local.client() as podium:
        found = Scene(place, local, podium, shop, git)
        yield found
        assert found.marked() == []


async def landed_once(found: Scene, pod: pod_pb2.Pod, attempts: int) -> pod_pb2.Pod:
    """It landed: each agent ended once, the work was merged once and landed once, the history is whole."""
    ended = await approve_all(found.podium, pod.pod_id)
    facts = await found.facts(pod)
    counts = Counter(name for name, _ in facts)
    assert (counts["WorkstreamCompleted"], counts["WorkLanded"]) == (1, 1)
    ends = Counter(fact.agent_id for name, fact in facts if name == "AgentEnded")
    assert ends == {agent.id: 1 for agent in ended.agents}
    assert len(ended.agents) == len(ended.workstreams[0].attempts) == attempts
    git = found.shop.git
    assert git("rev-parse", "main") == ended.review.landed_commit
    assert git("rev-list", "--count", "--merges", "main") == "1"
    assert git("status", "--porcelain") == ""
    assert git("show", "main:work.txt") == f"by {ended.agents[-1].id}"
    assert git("fsck", "--no-dangling") == ""
    return ended


async def test_killed_while_merging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its git lives on with the repository's lock: the next runner waits for it, never ends it, and merges once."""
    async with scene(tmp_path, monkeypatch) as found:
        found.git.hold("merge-tree")
        pod = await found.begin()
        (surviving,) = await asyncio.to_thread(found.git.reached, "merge-tree")
        await found.kill()
        os.kill(surviving, 0)
        assert table.row(surviving) is not None
        lock = found.shop.repository / ".git/podium.lock"
        assert _holds(surviving, lock)
        found.git.let("merge-tree")
        await landed_once(found, pod, attempts=1)


def _holds(pid: int, path: Path) -> bool:
    return any(each.resolve() == path.resolve() for each in Path(f"/proc/{pid}/fd").iterdir())


async def test_killed_between_merge_and_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The branch is moved and nobody was told: the repeat finds the commit by its job, and makes no second one."""
    async with scene(tmp_path, monkeypatch) as found:
        found.git.hold("update-ref")  # the first is that of the integration branch itself
        pod = await found.begin()
        await asyncio.to_thread(found.git.reached, "update-ref")
        found.git.let("update-ref")
        found.git.hold("commit-tree")
        await asyncio.to_thread(found.git.reached, "commit-tree")
        os.kill(int(found.local.service("pod-manager")["pid"]), signal.SIGSTOP)  # so that the report cannot arrive
        found.git.let("commit-tree")
        integration = f"{pod.repository.branch_prefix}/integration"
        async with asyncio.timeout(60):
            while found.shop.git("rev-list", "--count", "--merges", integration) == "0":
                await asyncio.sleep(0.02)
        pid = found.local.kill("runner")
        os.kill(int(found.local.service("pod-manager")["pid"]), signal.SIGCONT)
        await found.local.back("runner", pid)
        await landed_once(found, pod, attempts=1)


async def test_killed_between_landing_and_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The target has the work and the pod does not know: the next runner sees it and says so, once."""
    async with scene(tmp_path, monkeypatch) as found:
        found.git.hold("post-merge")
        pod = await found.begin()
        approving = asyncio.ensure_future(approve_all(found.podium, pod.pod_id))
        await asyncio.to_thread(found.git.reached, "post-merge")
        now = await until(found.podium, pod.pod_id, lambda pod: bool(pod.review.approved_commit), "approved")
        assert found.shop.git("rev-parse", "main") == now.review.approved_commit
        assert not now.review.landed_commit
        await found.kill()
        found.git.let("post-merge")
        await approving
        await landed_once(found, pod, attempts=1)


async def test_killed_while_the_setup_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setup is ended with the runner's restart, its attempt is LOST with the cause, and the next one works."""
    text = f"setup = \"test -e '{tmp_path}/second' || {{ touch '{tmp_path}/setting-up'; sleep 1000; }}\"\n"
    async with scene(tmp_path, monkeypatch, text) as found:
        pod = await found.begin()
        await found.until_file("setting-up")
        (tmp_path / "second").touch()
        before = found.marked()
        assert before
        await found.kill()
        ended = await landed_once(found, pod, attempts=2)
        assert not set(before) & set(found.marked())
        first, second = ended.workstreams[0].attempts
        assert (word(first, "outcome"), word(first, "cause")) == ("LOST", "LOST")
        assert "restarted" in first.error
        assert word(second, "outcome") == "COMPLETED"


async def test_killed_while_agents_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its command agents are ended by the next runner, LOST with the cause and tried again; none is left over."""
    async with scene(tmp_path, monkeypatch) as found:
        found.shop.gate.touch()
        pod = await found.begin()
        await found.until_file("waiting")
        (agent,) = [int(line) for line in (tmp_path / "agents").read_text().split()]
        pid = found.local.kill("runner")
        os.kill(agent, 0)  # it outlives its runner, until the next one comes
        await found.local.back("runner", pid)
        assert table.row(agent) is None
        found.shop.gate.unlink()
        ended = await landed_once(found, pod, attempts=2)
        assert word(ended.workstreams[0].attempts[0], "outcome") == "LOST"


async def test_command_agents_outlive_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same process goes on through the end of each other service; its result, said while one is away, counts."""
    async with scene(tmp_path, monkeypatch) as found:
        found.shop.gate.touch()
        pod = await found.begin()
        await found.until_file("waiting")
        for victim in ("event-store", "maestro"):
            await found.local.back(victim, found.local.kill(victim))
        pid = found.local.kill("pod-manager")
        found.shop.gate.unlink()  # it says complete while nobody is there
        await found.local.back("pod-manager", pid)
        await landed_once(found, pod, attempts=1)
        assert len((tmp_path / "agents").read_text().split()) == 1


async def test_a_frozen_runner_writes_nothing_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped until its lease has ended and its agent is LOST, it wakes: the late result is refused, its process is
    ended, and only the next attempt's work lands.
    """
    async with scene(tmp_path, monkeypatch) as found:
        found.shop.gate.touch()
        pod = await found.begin()
        await found.until_file("waiting")
        (agent,) = [int(line) for line in (tmp_path / "agents").read_text().split()]
        runner = int(found.local.service("runner")["pid"])
        os.kill(runner, signal.SIGSTOP)
        try:
            lost = await until(found.podium, pod.pod_id, _is_lost, "the agent LOST")
            found.shop.gate.unlink()  # its process says complete to a runner that sleeps
        finally:
            os.kill(runner, signal.SIGCONT)
        ended = await landed_once(found, pod, attempts=2)
        assert int(found.local.service("runner")["pid"]) == runner
        late = next(each for each in ended.agents if each.id == lost.agents[0].id)
        assert (word(late, "status"), late.last_report_seq) == ("LOST", lost.agents[0].last_report_seq)
        assert table.row(agent) is None
        assert approvals(ended) == []
        assert finished(ended)


def _is_lost(pod: pod_pb2.Pod) -> bool:
    return bool(pod.agents) and word(pod.agents[0], "status") == "LOST"
