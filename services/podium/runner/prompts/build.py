"""What goes into an agent's instructions, from the pod as it stood at the claim."""

from collections.abc import Sequence
from dataclasses import dataclass

from podium.pods.v1.pod_pb2 import (
    AGENT_KIND_PLANNER,
    AGENT_KIND_RESOLVER,
    AGENT_KIND_SPEC_WRITER,
    AGENT_KIND_WORKER,
    WORKSTREAM_STATUS_COMPLETED,
    AgentKind,
    Attempt,
    FailureCause,
    Message,
    Pod,
    Workstream,
)
from podium.runner.prompts import fill

NAMES: dict["AgentKind.ValueType", str] = {
    value.number: value.name.removeprefix("AGENT_KIND_").lower()  # type: ignore[misc]
    for value in AgentKind.DESCRIPTOR.values
    if value.number
}
"""`spec_writer`, `planner`, `worker`, `reviewer`, `resolver` by kind."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known beside the pod."""

    kind: "AgentKind.ValueType"
    workstream_id: str
    attempt: int
    branch: str
    start_commit: str
    base_commit: str
    conflict_branch: str
    port_base: int
    checks: Sequence[str]
    """The repository's checks, as a person would type them."""
    by_exit: bool
    """The exit status is the result (`result = "exit"`)."""
    by_stdout: bool
    """What it prints at the end is its output."""


def instructions(template: str, pod: Pod, situation: Situation) -> str:
    """The instructions of an agent."""
    workstream = _workstream(pod, situation.workstream_id)
    values = {
        "title": pod.title,
        "request": pod.request,
        "spec": pod.spec.content or pod.request,
        "start_commit": situation.start_commit[:12],
        "base_commit": situation.base_commit[:12],
        "branch": situation.branch,
        "attempt": str(situation.attempt),
        "workstream_id": situation.workstream_id,
        "workstream_title": workstream.title,
        "workstream": workstream.spec or workstream.title,
        "conflict_branch": situation.conflict_branch,
        "conflict_paths": _conflict_paths(workstream),
        "port_base": str(situation.port_base),
        "port_last": str(situation.port_base + 19),
        "checks_help": _checks_help(situation.checks),
        "feedback_section": _feedback(pod, situation.kind, workstream),
        "previous_section": _previous(pod, situation.kind, workstream),
        "answers_section": _answers(pod, situation.workstream_id),
        "dependencies_section": _dependencies(pod, workstream),
        "workstreams_section": _workstreams(pod),
        "current_spec_section": _section("The spec as it stands", pod.spec.content),
        "current_plan_section": _section("The plan as it stands", _plan_text(pod)),
        "submit_help": _submit_help(situation),
        "report_help": _report_help(situation),
    }
    return fill(template, values)


def _workstream(pod: Pod, workstream_id: str) -> Workstream:
    return next((w for w in pod.workstreams if w.id == workstream_id), Workstream(id=workstream_id))


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n{text.strip()}\n" if text.strip() else ""


def _feedback(pod: Pod, kind: "AgentKind.ValueType", workstream: Workstream) -> str:
    text = {AGENT_KIND_SPEC_WRITER: pod.spec.feedback, AGENT_KIND_PLANNER: pod.plan.feedback}.get(kind)
    return _section("What people want changed", workstream.feedback if text is None else text)


def _previous(pod: Pod, kind: "AgentKind.ValueType", workstream: Workstream) -> str:
    """Why the attempt before this one failed, with the output of its checks."""
    if kind == AGENT_KIND_SPEC_WRITER:
        return _section("Why the last attempt failed", pod.spec.last_error)
    if kind == AGENT_KIND_PLANNER:
        return _section("Why the last attempt failed", pod.plan.last_error)
    ended: list[Attempt] = [a for a in workstream.attempts if a.cause]
    if not ended:
        return ""
    last = ended[-1]
    cause = FailureCause.Name(last.cause).removeprefix("FAILURE_CAUSE_").lower().replace("_", " ")
    text = f"{cause}: {last.error}" if last.error else cause
    if last.checks_output:
        text += f"\n\nThe output of the checks:\n\n````\n{last.checks_output.rstrip()}\n````"
    if last.branch:
        text += f"\n\nIts work is on the branch `{last.branch}`, if you want to look at it."
    return _section("Why the last attempt failed", text)


def _conflict_paths(workstream: Workstream) -> str:
    paths = next((a.conflict_paths for a in reversed(workstream.attempts) if a.conflict_paths), ())
    return "\n".join(f"- `{path}`" for path in paths) or "- (see `git status`)"


def _answers(pod: Pod, workstream_id: str) -> str:
    """Questions of earlier attempts at the same thing that have an answer now."""
    answered = [m for m in pod.messages if m.HasField("answer") and m.workstream_id == workstream_id]
    return _section("Questions that were asked before, and their answers", "\n".join(map(_answer, answered)))


def _answer(message: Message) -> str:
    said = " ".join(part for part in (message.answer.choice, message.answer.text) if part)
    return f"- {message.content.strip()}\n  → {said} ({message.answer.by})"


def _dependencies(pod: Pod, workstream: Workstream) -> str:
    """What the workstreams came to that this one needs; their work is in the tree already."""
    done = [w for w in pod.workstreams if w.id in workstream.dependencies]
    lines = [f"### {w.title} (`{w.id}`)\n\n{w.result_summary.strip() or '(no summary)'}\n" for w in done]
    return _section("What this builds on (merged into your tree already)", "\n".join(lines))


def _workstreams(pod: Pod) -> str:
    done = [w for w in pod.workstreams if w.status == WORKSTREAM_STATUS_COMPLETED]
    return "\n".join(f"### {w.title} (`{w.id}`)\n\n{w.result_summary.strip() or '(no summary)'}\n" for w in done)


def _plan_text(pod: Pod) -> str:
    items = [f"- `{i.id}`: {i.title} (needs: {', '.join(i.dependencies) or 'nothing'})" for i in pod.plan.items]
    return "\n".join([pod.plan.summary, "", *items]) if items else ""


def _checks_help(checks: Sequence[str]) -> str:
    if not checks:
        return "Run the project's tests before you say that you are done."
    shown = ", ".join(f"`{line}`" for line in checks)
    return f"Your work counts only if these pass in your worktree, so run them first: {shown}."


def _submit_help(situation: Situation) -> str:
    is_spec = situation.kind == AGENT_KIND_SPEC_WRITER
    what, verb = ("spec", "submit-spec") if is_spec else ("plan", "submit-plan")
    if not situation.by_exit:
        return (
            f"`podium agent {verb} FILE` (or by standard input); what is wrong with it is printed, and you can mend it."
        )
    where = (
        "your last message: print the {0} there, and nothing else"
        if situation.by_stdout
        else ("the file named by `$PODIUM_OUTPUT`")
    )
    return f"The {what} is what you leave in {where.format(what)}. (Or: `podium agent {verb} FILE`.)"


def _report_help(situation: Situation) -> str:
    lines = [
        "## How to report",
        "",
        "The command `podium agent` is on your PATH and speaks for you:",
        "",
        '- `podium agent progress "one line"`: what you are doing; at each larger step.',
    ]
    if situation.kind in (AGENT_KIND_WORKER, AGENT_KIND_RESOLVER):
        lines.append('- `podium agent checklist "done: …" "doing: …" "todo: …"`: your list, whole, when it changes.')
    lines += [
        '- `podium agent ask "question" --key short-name [--option A --option B]`: ask the people. Where it says',
        "  that the answer is pending, end your turn: you are started again with the answer.",
        '- `podium agent post "text"`: say something that stays. With `--kind blocker`: you cannot go on.',
        "- `podium agent context`: these instructions again, and what people said to you meanwhile.",
        '- `podium agent fail "reason"`: it cannot be done; then end.',
    ]
    if situation.by_exit:
        lines.append("- When you are done, end with a short summary of what you did.")
    else:
        lines.append('- `podium agent complete "summary"`: you are done; then end. Without it nothing counts.')
    return "\n".join(lines)
