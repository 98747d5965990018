"""Spec, plan and review as markdown: what is approved is what is read."""

from typing import TYPE_CHECKING

from podium.cli.views.plain import word
from podium.cli.views.words import count, lower, request_line, short

if TYPE_CHECKING:
    from podium.pods.v1 import pod_pb2


def spec(pod: "pod_pb2.Pod") -> str:
    """The spec as it is offered."""
    return pod.spec.content.strip() or "*There is no spec yet.*"


def plan(plan: "pod_pb2.Plan") -> str:
    """The plan: its summary, then each workstream with what it waits for."""
    if not plan.items:
        return "*There is no plan yet.*"
    parts = [plan.summary.strip()] if plan.summary.strip() else []
    for number, item in enumerate(plan.items, start=1):
        notes = [f"after {', '.join(item.dependencies)}" if item.dependencies else "starts at once"]
        if word(item, "priority") in {"HIGH", "LOW"}:
            notes.append(f"{lower(word(item, 'priority'))} priority")
        if item.profile:
            notes.append(f"by {item.profile}")
        parts.append(f"{number}. **{item.title}** (`{item.id}`; {'; '.join(notes)})")
        if item.description.strip():
            parts.append("\n".join(f"   {line}" for line in item.description.strip().splitlines()))
    return "\n\n".join(parts)


def review(pod: "pod_pb2.Pod") -> str:
    """What is to be approved last: size, verdict, and each workstream's result."""
    facts = pod.review
    verdict = {
        "PASSED": "the checks pass",
        "FAILED": "**the checks FAIL**",
        "NONE": "**NOT VERIFIED**: the repository names no checks (`.podium.toml`)",
    }.get(word(facts, "checks"), "not verified yet")
    parts = [
        f"Commit `{short(facts.integration_commit)}`: {verdict}; "
        f"{count(facts.files_changed, 'file')} changed, +{facts.insertions} -{facts.deletions}."
    ]
    if facts.checks_output.strip() and word(facts, "checks") == "FAILED":
        parts.append(f"```\n{facts.checks_output.strip()[-2000:]}\n```")
    parts.append("\n".join(_result(each) for each in sorted(pod.workstreams, key=lambda each: each.position)))
    return "\n\n".join(parts)


def _result(workstream: "pod_pb2.Workstream") -> str:
    result = workstream.result_summary.strip() or workstream.reason.strip() or "-"
    return f"- **{workstream.title}** ({lower(word(workstream, 'status'))}): {result}"


def request(sync: "pod_pb2.ExternalSync") -> str:
    """The pull request: where it is, or where to open it and with which text."""
    if not sync.kind:
        return "*There is no pull request.*"
    parts = [f"{request_line(sync)[:1].upper()}{request_line(sync)[1:]}"]
    if sync.branch:
        parts.append(f"Branch: `{sync.branch}`")
    if sync.last_error:
        parts.append(f"Not opened by itself: {sync.last_error}")
    if sync.title and not sync.number:
        parts.append(f"Title: {sync.title}")
        parts.append(sync.body)
    return "\n\n".join(parts)
