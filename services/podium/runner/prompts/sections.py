"""Parts of the instructions that come from the pod as it stood at the claim; each is Markdown, or nothing."""

from podium.pods.v1.pod_pb2 import (
    AGENT_KIND_PLANNER,
    AGENT_KIND_SPEC_WRITER,
    MESSAGE_KIND_REVIEW_COMMENT,
    WORKSTREAM_STATUS_COMPLETED,
    AgentKind,
    Anchor,
    Attempt,
    FailureCause,
    Message,
    Pod,
    Workstream,
)

ANSWERS_SHOWN = 50
COMMENTS_SHOWN = 100
"""The last ones."""
_QUOTED_LINES = 20


def workstream(pod: Pod, workstream_id: str) -> Workstream:
    return next((w for w in pod.workstreams if w.id == workstream_id), Workstream(id=workstream_id))


def section(title: str, text: str) -> str:
    return f"## {title}\n\n{text.strip()}\n" if text.strip() else ""


def feedback(pod: Pod, kind: "AgentKind.ValueType", workstream: Workstream) -> str:
    """What people want changed, each comment with the file and the lines that it is about."""
    title = "What people want changed"
    if kind == AGENT_KIND_SPEC_WRITER:
        return section(title, pod.spec.feedback)
    if kind == AGENT_KIND_PLANNER:
        return section(title, pod.plan.feedback)
    rest, shown = workstream.feedback, []
    for message in _comments(pod, workstream):
        if message.content and message.content in rest:
            # Its words stand in the feedback too, without their place.
            rest = rest.replace(message.content, "", 1)
            shown.append(f"- {_place(message.anchor)}{_indented(message.content)}{_quoted(message.anchor)}")
    return section(title, "\n\n".join(part for part in (rest.strip(), "\n".join(shown)) if part))


def _comments(pod: Pod, workstream: Workstream) -> list[Message]:
    of_it = [m for m in pod.messages if m.kind == MESSAGE_KIND_REVIEW_COMMENT and m.workstream_id == workstream.id]
    return [m for m in of_it if m.HasField("anchor") and not m.resolved][-COMMENTS_SHOWN:]


def _place(anchor: Anchor) -> str:
    if not anchor.first_line:
        return f"`{anchor.document}`: "
    last = f"-{anchor.last_line}" if anchor.last_line > anchor.first_line else ""
    return f"`{anchor.document}:{anchor.first_line}{last}`: "


def _indented(text: str) -> str:
    return text.strip().replace("\n", "\n  ")


def _quoted(anchor: Anchor) -> str:
    """The lines as the commenter saw them: they may have moved since."""
    lines = anchor.quoted_text.rstrip().splitlines()[:_QUOTED_LINES]
    return "".join(f"\n  > {line}" for line in lines)


def previous(pod: Pod, kind: "AgentKind.ValueType", workstream: Workstream) -> str:
    """Why the attempt before this one failed, with the output of its checks."""
    if kind == AGENT_KIND_SPEC_WRITER:
        return section("Why the last attempt failed", pod.spec.last_error)
    if kind == AGENT_KIND_PLANNER:
        return section("Why the last attempt failed", pod.plan.last_error)
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
    return section("Why the last attempt failed", text)


def conflict_paths(workstream: Workstream) -> str:
    paths = next((a.conflict_paths for a in reversed(workstream.attempts) if a.conflict_paths), ())
    return "\n".join(f"- `{path}`" for path in paths) or "- (see `git status`)"


def answers(pod: Pod, workstream_id: str) -> str:
    """Questions of earlier attempts at the same thing that have an answer now."""
    answered = [m for m in pod.messages if m.HasField("answer") and m.workstream_id == workstream_id][-ANSWERS_SHOWN:]
    return section("Questions that were asked before, and their answers", "\n".join(map(_answer, answered)))


def _answer(message: Message) -> str:
    said = " ".join(part for part in (message.answer.choice, message.answer.text) if part)
    return f"- {message.content.strip()}\n  → {said} ({message.answer.by})"


def dependencies(pod: Pod, workstream: Workstream) -> str:
    """What the workstreams came to that this one needs; their work is in the tree already."""
    done = [w for w in pod.workstreams if w.id in workstream.dependencies]
    lines = [f"### {w.title} (`{w.id}`)\n\n{w.result_summary.strip() or '(no summary)'}\n" for w in done]
    return section("What this builds on (merged into your tree already)", "\n".join(lines))


def workstreams(pod: Pod) -> str:
    done = [w for w in pod.workstreams if w.status == WORKSTREAM_STATUS_COMPLETED]
    return "\n".join(f"### {w.title} (`{w.id}`)\n\n{w.result_summary.strip() or '(no summary)'}\n" for w in done)


def plan_text(pod: Pod) -> str:
    items = [f"- `{i.id}`: {i.title} (needs: {', '.join(i.dependencies) or 'nothing'})" for i in pod.plan.items]
    return "\n".join([pod.plan.summary, "", *items]) if items else ""
