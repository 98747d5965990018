"""What a pull request says: a pure function of the pod."""

from podium.pod_manager.domain.kinds import ChecksResult, WorkstreamStatus
from podium.pod_manager.domain.queries import in_plan_order
from podium.pod_manager.domain.resources import Pod

REQUEST_LETTERS = 4000
SUMMARY_LETTERS = 600
BODY_LETTERS = 16_000
"""Forges take 65,536 bytes; this stays below with letters of up to four bytes."""

_VERDICTS = {
    ChecksResult.PASSED: "The checks pass.",
    ChecksResult.FAILED: "**The checks fail**; the work was approved all the same.",
    ChecksResult.NONE: "**Not verified**: the repository names no checks.",
}


def description(pod: Pod) -> str:
    """The text of the pod's pull request, in markdown: the task, what each workstream came to, what was checked."""
    review = pod.review
    parts = [cut(pod.request, REQUEST_LETTERS)]
    results = []
    for ws in in_plan_order(pod):
        if ws.status is WorkstreamStatus.COMPLETED:
            summary = " ".join(ws.result_summary.split())
            results.append(f"- **{ws.title}**{': ' + cut(summary, SUMMARY_LETTERS) if summary else ''}")
        else:
            results.append(f"- {ws.title} ({ws.status.name.lower()})")
    parts.append("\n".join(results))
    size = f"{review.files_changed} files changed, +{review.insertions} -{review.deletions}."
    parts.append(f"{_VERDICTS.get(review.checks, '')} {size} Approved by {review.approved_by}.".strip())
    parts.append(
        f"Podium: task {f'#{pod.number} ' if pod.number else ''}`{pod.pod_id}`, commit `{review.approved_commit}`"
    )
    return cut("\n\n".join(part for part in parts if part), BODY_LETTERS)


def cut(text: str, letters: int) -> str:
    """The beginning of a text."""
    text = text.strip()
    return text if len(text) <= letters else f"{text[: letters - 1]}…"
