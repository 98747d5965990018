"""What an agent's end comes to: its work is committed and checked, then reported."""

import logging
import os
import stat
import time
from datetime import UTC, datetime
from pathlib import Path

from podium.client.agent import AgentError, parse_plan, read_plan
from podium.client.errors import PodiumError
from podium.pods.v1.pod_pb2 import (
    AGENT_KIND_SPEC_WRITER,
    CHECKS_RESULT_FAILED,
    CHECKS_RESULT_NONE,
    CHECKS_RESULT_PASSED,
    CHECKS_RESULT_UNSPECIFIED,
    FAILURE_CAUSE_CHECKS_FAILED,
    FAILURE_CAUSE_CONFLICT,
    FAILURE_CAUSE_NO_CHANGES,
    FAILURE_CAUSE_NO_RESULT,
    FAILURE_CAUSE_WORKSPACE,
    ChecksResult,
    FailureCause,
)
from podium.pods.v1.pod_service_pb2 import (
    AgentFailure,
    AgentResult,
    AgentStopped,
    UpdatePlanRequest,
    UpdateSpecRequest,
)
from podium.runner.agents.live import LiveAgent
from podium.runner.agents.providers import provider_failure
from podium.runner.redaction import cleaned
from podium.runner.transcripts import Transcript
from podium.runner.workspaces.commands import Verdict
from podium.runner.workspaces.errors import WorkspaceError
from podium.runner.workspaces.service import Workspaces

_log = logging.getLogger(__name__)

TEXT_BYTES = 60_000
"""Below the pod's 64 KiB a field."""
_SHOWN = 2000
_SHORT = 500
_OUTPUT_BYTES = 1024 * 1024
"""Of the output file; far more than any document may have."""

CHECKS: dict[Verdict, "ChecksResult.ValueType"] = {
    Verdict.PASSED: CHECKS_RESULT_PASSED,
    Verdict.FAILED: CHECKS_RESULT_FAILED,
    Verdict.NONE: CHECKS_RESULT_NONE,
}


def cut(text: str, limit: int = TEXT_BYTES) -> str:
    """A text that fits into a field: its beginning."""
    return text.encode(errors="replace")[:limit].decode(errors="ignore")


def cut_output(text: str, limit: int = TEXT_BYTES) -> str:
    """An output that fits into a field: its end, where what went wrong stands."""
    return text.encode(errors="replace")[-limit:].decode(errors="ignore")


def fail(
    agent: LiveAgent,
    cause: "FailureCause.ValueType",
    error: str,
    checks_output: str = "",
    retry_time: datetime | None = None,
) -> None:
    """Report a bad end; `retry_time` is when the provider says that it goes on."""
    clean = agent.redactor.text
    failure = AgentFailure(cause=cause, error=cut(clean(error)), checks_output=cut_output(clean(checks_output)))
    if retry_time is not None:
        failure.retry_time.FromDatetime(retry_time.astimezone(UTC))
    agent.report(failed=failure)


def _came_to_nothing(agent: LiveAgent, cause: "FailureCause.ValueType", error: str, last_words: str) -> None:
    """Report an end without a result: some agents end well where their provider did not let them begin."""
    failure = provider_failure(last_words, _now())
    if failure is not None and not agent.record.verdict:
        fail(agent, failure.cause, last_words[-_SHOWN:].strip(), retry_time=failure.retry_time)
    else:
        fail(agent, cause, error)


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def stop(agent: LiveAgent, reason: str) -> None:
    """Report that it was interrupted as asked."""
    agent.report(interrupted=AgentStopped(reason=cut(reason)))


async def finish(agent: LiveAgent, workspaces: Workspaces, transcript: Transcript, printed: str, output: Path) -> None:
    """The agent is done: see whether that holds, and report it.

    `printed` is what it wrote at its end, where that may hold its result; `output` the file that may.
    """
    words = agent.record.words or _read(output) or printed
    if agent.writes_document:
        await _finish_document(agent, words)
    elif agent.record.order.launch.workstream_id:
        await _finish_work(agent, workspaces, transcript, words)
    else:
        _complete(agent, words, "", CHECKS_RESULT_UNSPECIFIED)


async def _finish_document(agent: LiveAgent, words: str) -> None:
    if not agent.record.submitted and not agent.record.verdict:
        # A line about a limit is no document, though it was printed where one was expected.
        refused = len(words) < _SHORT and provider_failure(words, _now()) is not None
        problem = "its provider refused" if refused else await _submit(agent, words)
        if problem:
            _came_to_nothing(agent, FAILURE_CAUSE_NO_RESULT, problem, words)
            return
    if agent.record.submitted:
        _complete(agent, agent.record.words, "", CHECKS_RESULT_UNSPECIFIED)
    else:
        fail(agent, FAILURE_CAUSE_NO_RESULT, "it ended without handing its document in")


async def _submit(agent: LiveAgent, text: str) -> str:
    """Hand in what an agent left behind; returns what is wrong with it."""
    if not text.strip():
        return "it ended without leaving a document"
    request: UpdateSpecRequest | UpdatePlanRequest
    try:
        if agent.record.order.launch.kind == AGENT_KIND_SPEC_WRITER:
            kind, request = "spec", UpdateSpecRequest(content=cut(text))
        else:
            summary, items = parse_plan(read_plan(text))
            kind, request = "plan", UpdatePlanRequest(summary=summary, items=items)
        await agent.outbox.put(kind, request, "leftover")
    except (AgentError, PodiumError) as error:
        return f"what it left behind is no document: {error}"
    agent.submitted()
    return ""


async def _finish_work(agent: LiveAgent, workspaces: Workspaces, transcript: Transcript, words: str) -> None:
    record = agent.record
    launch = record.order.launch
    pod_id, place, name = record.pod_id, record.place, record.worktree
    first_line = next((line for line in words.splitlines() if line.strip()), "") or "Work"
    message = f"{first_line[:72]}\n\nLeft uncommitted by {record.agent_id} ({launch.workstream_id})."
    try:
        finished = await workspaces.finish(pod_id, place, name, message)
        if finished.unresolved:
            paths = ", ".join(finished.unresolved[:20])
            fail(agent, FAILURE_CAUSE_CONFLICT, f"conflict markers are left in: {paths}")
            return
        if not finished.changed:
            _came_to_nothing(agent, FAILURE_CAUSE_NO_CHANGES, "nothing was changed", words)
            return
        with cleaned(agent.redactor, transcript.write) as write:
            checks = await workspaces.check(pod_id, place, name, write)
    except WorkspaceError as error:
        fail(agent, FAILURE_CAUSE_WORKSPACE, str(error))
        return
    if checks.verdict is Verdict.FAILED:
        fail(agent, FAILURE_CAUSE_CHECKS_FAILED, checks.reason, checks.output)
        return
    _complete(agent, words, finished.commit, CHECKS[checks.verdict])


def _complete(agent: LiveAgent, words: str, commit: str, checks: "ChecksResult.ValueType") -> None:
    summary = cut(agent.redactor.text(words.strip()))
    agent.report(completed=AgentResult(summary=summary, commit=commit, checks=checks))


def _read(path: Path) -> str:
    """What the agent left in its output file; nothing where it left none, or something else in its place.

    The agent can write there what it wants: a link would have us read what it may not, a pipe would have us wait.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ""
        return file.read(_OUTPUT_BYTES).decode(errors="replace")
