"""A disk that takes nothing: what is said is refused or waits, nothing is lost, and nobody is held up for ever."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from podium.pods.v1 import pod_pb2 as pods
from podium.runner.processes import table
from tests.runner.helpers import shell, until
from tests.runner.house import House

WAITS = "while [ ! -e {go} ]; do sleep 0.05; done; "


@contextmanager
def full(spool: Path) -> Iterator[None]:
    """The kernel takes nothing more for a file that this process has open."""
    folder = Path("/proc/self/fd")
    (number,) = [int(each.name) for each in folder.iterdir() if each.exists() and each.readlink() == spool]
    kept, device = os.dup(number), os.open("/dev/full", os.O_WRONLY)
    os.dup2(device, number)
    try:
        yield
    finally:
        os.dup2(kept, number)
        os.close(kept)
        os.close(device)


async def test_an_agent_is_told_and_says_it_again(at_home: House, tmp_path: Path) -> None:
    """Its call is refused with the reason, and the next one counts; the refused one was never said."""
    text = (
        f"podium agent progress one 2> said.txt; echo $? > status.txt; touch {tmp_path}/tried; "
        "until podium agent progress two; do sleep 0.1; done; podium agent complete done"
    )
    await at_home.start_runner({"it": shell(WAITS.format(go=tmp_path / "go") + text)})
    await at_home.launch("agent_1")
    await at_home.pods.report("agent_1", "started")
    with full(at_home.data_dir / "runner/runner-1/spool/agent_1.jsonl"):
        (tmp_path / "go").touch()
        await until((tmp_path / "tried").exists)
    assert (await at_home.pods.end_of("agent_1")).completed.summary == "done"
    assert [each.progress.text for each in at_home.pods.reports("agent_1", "progress")] == ["two"]
    worktree = next(at_home.data_dir.glob("runner/*/worktrees/*/ws.1"))
    assert (worktree / "status.txt").read_text().strip() != "0"
    assert "No space left" in (worktree / "said.txt").read_text()


async def test_an_end_is_said_when_there_is_room(at_home: House, tmp_path: Path) -> None:
    """Its process ends while nothing can be kept: the pod hears of it later, and the place is free for the next."""
    await at_home.start_runner({"it": shell(WAITS.format(go=tmp_path / "go") + "exit 3")}, capacity=1)
    await at_home.launch("agent_1")
    started = (await at_home.pods.report("agent_1", "started")).started
    await at_home.launch("agent_2", workstream="other")
    with full(at_home.data_dir / "runner/runner-1/spool/agent_1.jsonl"):
        (tmp_path / "go").touch()
        await until(lambda: not table.members(started.process_id))
        await at_home.shown("agent_1", b"turn 1 ended")
        assert not at_home.pods.reports("agent_1", "failed")
    assert (await at_home.pods.end_of("agent_1")).failed.cause != pods.FAILURE_CAUSE_UNSPECIFIED
    assert (await at_home.pods.end_of("agent_2")).HasField("failed")
