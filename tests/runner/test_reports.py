"""What is said is on disk first, goes out in order, and counts once."""

import asyncio
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message

from podium.chassis.tasks import TaskSet
from podium.client.errors import PodiumError, make_error
from podium.pods.v1.pod_service_pb2 import AgentProgress, AgentReport, UpdateSpecRequest
from podium.runner.reports.outbox import Outbox
from podium.runner.reports.spool import Spool


def put(spool: Spool, text: str) -> None:
    spool.put("report", "", text.encode(), is_report=True)


def waiting(spool: Spool) -> list[tuple[int, bytes]]:
    found = []
    while (entry := spool.head) is not None:
        found.append((entry.seq, entry.data))
        spool.acknowledge(entry)
    return found


def test_what_was_not_acknowledged_is_there_after_a_restart(tmp_path: Path) -> None:
    """Entries come back in order with their numbers; acknowledged ones do not."""
    path = tmp_path / "agent.jsonl"
    spool = Spool(path)
    for text in ("one", "two", "three"):
        put(spool, text)
    assert spool.head is not None
    spool.acknowledge(spool.head)
    spool.close()
    again = Spool(path)
    assert again.last_seq == 3
    put(again, "four")
    assert waiting(again) == [(2, b"two"), (3, b"three"), (4, b"four")]


def test_numbers_go_on_where_everything_was_acknowledged(tmp_path: Path) -> None:
    """A restart never gives a number twice."""
    path = tmp_path / "agent.jsonl"
    spool = Spool(path)
    put(spool, "one")
    waiting(spool)
    again = Spool(path)
    assert (again.head, again.next_seq()) == (None, 2)


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_a_torn_last_line_was_never_said(tmp_path: Path, cut: int) -> None:
    """A crash in the middle of writing loses what was not yet promised, and nothing else."""
    path = tmp_path / "agent.jsonl"
    spool = Spool(path)
    put(spool, "one")
    kept = path.stat().st_size
    put(spool, "two, which is torn")
    spool.close()
    with path.open("rb+") as file:
        file.truncate(kept + cut)
    again = Spool(path)
    put(again, "two again")
    assert waiting(again) == [(1, b"one"), (2, b"two again")]
    assert waiting(Spool(path)) == []


def test_what_is_no_report_has_no_report_number(tmp_path: Path) -> None:
    """Reports alone are numbered, for the pod applies them by number."""
    spool = Spool(tmp_path / "agent.jsonl")
    put(spool, "one")
    spool.put("spec", "x", b"", is_report=False)
    put(spool, "two")
    assert [seq for seq, _ in waiting(spool)] == [1, 0, 2]


class Pod:
    """The other side: answers, refuses, or is away."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Message]] = []
        self.tokens: list[str] = []
        self.errors: list[PodiumError | None] = []
        self.changed = asyncio.Event()

    async def __call__(self, kind: str, request: Message, token: str, timeout_seconds: float) -> Any:
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        self.heard.append((kind, request))
        self.tokens.append(token)
        self.changed.set()
        return f"answer {len(self.heard)}"

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not done():
                self.changed.clear()
                await self.changed.wait()


async def no_pause(_: float) -> None:
    await asyncio.sleep(0)


def outbox(tmp_path: Path, pod: Pod) -> Outbox:
    made = Outbox("task_1", "agent_1", Spool(tmp_path / "agent.jsonl"), pod, no_pause)
    made.token = "its own"
    return made


def progress(text: str) -> AgentReport:
    return AgentReport(progress=AgentProgress(text=text))


AWAY = make_error("UNAVAILABLE", "NOT_READY", "away")


async def test_everything_goes_out_in_order_through_an_outage(tmp_path: Path) -> None:
    """The pod is away for a while: nothing is lost, nothing overtakes."""
    pod = Pod()
    pod.errors = [AWAY, AWAY, AWAY]
    box = outbox(tmp_path, pod)
    box.report(progress("one"))
    spec = box.put("spec", UpdateSpecRequest(content="# Spec"), "call-1")
    box.report(progress("two"))
    box.finish()
    async with TaskSet("test") as tasks:
        await tasks.spawn(box.run())
    assert [kind for kind, _ in pod.heard] == ["report", "spec", "report"]
    assert [r.report_seq for k, r in pod.heard if k == "report"] == [1, 2]  # type: ignore[attr-defined]
    assert spec.result() == "answer 2"
    assert not (tmp_path / "agent.jsonl").exists()


async def test_a_killed_runner_says_the_rest_the_next_time(tmp_path: Path) -> None:
    """What was said and not sent is sent by the next runner, under the same numbers and request ids."""
    pod = Pod()
    box = outbox(tmp_path, pod)
    box.report(progress("one"))
    box.put("spec", UpdateSpecRequest(content="# Spec"), "call-1")
    again = outbox(tmp_path, pod)
    again.report(progress("after"))
    again.finish()
    await again.run()
    assert [r.request_id for _, r in pod.heard] == [  # type: ignore[attr-defined]
        "agent_1:report:1",
        "agent_1:call-1",
        "agent_1:report:2",
    ]


async def test_a_repeated_call_is_one_call(tmp_path: Path) -> None:
    """The agent repeats a call whose answer it missed: the same answer, said once."""
    pod = Pod()
    box = outbox(tmp_path, pod)
    first = box.put("spec", UpdateSpecRequest(content="# Spec"), "call-1")
    second = box.put("spec", UpdateSpecRequest(content="# Spec"), "call-1")
    box.finish()
    await box.run()
    assert first is second
    assert len(pod.heard) == 1


async def test_a_refusal_reaches_the_caller_and_does_not_block(tmp_path: Path) -> None:
    """A plan with a cycle is the agent's to mend; what was said after it goes out."""
    pod = Pod()
    pod.errors = [make_error("INVALID_ARGUMENT", "DEPENDENCY_CYCLE", "a needs a")]
    box = outbox(tmp_path, pod)
    refused = box.put("spec", UpdateSpecRequest(content="# Spec"), "call-1")
    box.report(progress("one"))
    box.finish()
    await box.run()
    with pytest.raises(PodiumError, match="DEPENDENCY_CYCLE"):
        refused.result()
    assert len(pod.heard) == 1


async def test_the_runner_hears_that_the_pod_has_no_use_for_the_agent(tmp_path: Path) -> None:
    """A LOST agent's late report is refused: its process is to end."""
    pod = Pod()
    pod.errors = [make_error("FAILED_PRECONDITION", "AGENT_ALREADY_TERMINAL", "it is lost")]
    box = outbox(tmp_path, pod)
    heard: list[str] = []
    box.on_refused = heard.append
    box.report(progress("one"))
    box.finish()
    await box.run()
    assert heard == ["AGENT_ALREADY_TERMINAL"]


async def test_a_bug_over_there_does_not_hold_the_rest_for_ever(tmp_path: Path) -> None:
    """INTERNAL is repeated a few times, then passed over."""
    pod = Pod()
    pod.errors = [make_error("INTERNAL", "INTERNAL", "a bug")] * 10
    box = outbox(tmp_path, pod)
    box.report(progress("one"))
    box.report(progress("two"))
    box.finish()
    await box.run()
    assert [r.report_seq for _, r in pod.heard] == [2]  # type: ignore[attr-defined]


# -- a disk that is full ---------------------------------------------------------------------------------------------


@contextmanager
def full_at(size: int) -> Iterator[None]:
    """No file of this process grows beyond a size meanwhile: the kernel writes what fits, then refuses."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_half_a_line_is_taken_back(tmp_path: Path) -> None:
    """What the disk did not take whole was not said; what is said after it, when there is room, is whole."""
    path = tmp_path / "agent.jsonl"
    spool = Spool(path)
    put(spool, "one")
    kept = path.stat().st_size
    with full_at(kept + 30), pytest.raises(OSError):
        put(spool, "two, which does not fit")
    assert path.stat().st_size == kept and spool.last_seq == 1
    put(spool, "two again")
    assert waiting(Spool(path)) == [(1, b"one"), (2, b"two again")]


def test_an_acknowledgement_that_is_not_kept_is_no_failure(tmp_path: Path) -> None:
    """It goes on with the next; a restart would send the first once more."""
    path = tmp_path / "agent.jsonl"
    spool = Spool(path)
    put(spool, "one")
    put(spool, "two")
    with full_at(path.stat().st_size):
        assert waiting(spool) == [(1, b"one"), (2, b"two")]
    assert [text for _, text in waiting(Spool(path))] == [b"one", b"two"]
