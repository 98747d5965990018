"""What a person can do about what a pod waits for: the command to type."""

from typing import TYPE_CHECKING

from podium.cli.views.plain import word

if TYPE_CHECKING:
    from podium.pods.v1 import pod_pb2

_BY_KIND = {
    "ANSWER": "podium answer {pod}",
    "LOGIN": "log in on the runner's machine; `podium doctor` shows to what",
    "BUDGET": "podium policy {pod} budget.tokens=…",
    "START": "podium policy {pod} auto_start_agents=true",
    "LANDING": "podium land {pod}",
    "DOCUMENT": "podium edit {subject} {pod}",
}
_BY_REASON = {
    "QUESTION_ASKED": "podium answer {pod}",
    "PERMISSION": "podium answer {pod}",
    "BLOCKER_RAISED": "podium show {pod}",
    "BUDGET_REACHED": "podium policy {pod} budget.tokens=…",
    "LANDING_BLOCKED": "podium land {pod}",
    "CONFLICT": "podium land {pod}, when it is resolved",
    "RUNNER_MISSING": "podium status; podium policy {pod} profile=…",
    "LOGIN_FAILED": "log in on the runner's machine; `podium doctor` shows to what",
    "DOCUMENT_FAILED": "podium edit {subject} {pod}",
}
_WORKSTREAM = "podium retry {pod} {subject}, or podium skip {pod} {subject}"


def next_steps(pod: "pod_pb2.Pod") -> list[str]:
    """For each thing that only a person can settle, once; none where it goes on by itself."""
    found = [_step(pod, word(each, "kind"), each.subject) for each in pod.waiting_on]
    return list(dict.fromkeys(step for step in found if step))


def for_item(pod: "pod_pb2.Pod", item: "pod_pb2.InboxItem") -> str:
    """For an item of the inbox."""
    reason = word(item, "reason")
    if reason == "NEEDS_APPROVAL":
        return _approval(pod, item.subject)
    if reason == "BUDGET_REACHED" and item.subject == "size":
        return _filled("podium advance {pod}, or podium cancel {pod}", pod, "")
    if reason == "LANDING_BLOCKED" and item.subject == "review":
        return _filled("podium show {pod}", pod, "")
    pattern = _WORKSTREAM if reason == "WORKSTREAM_FAILED" else _BY_REASON.get(reason, "podium show {pod}")
    return _filled(pattern, pod, item.subject)


def _step(pod: "pod_pb2.Pod", kind: str, subject: str) -> str:
    if kind == "APPROVAL":
        return _approval(pod, subject)
    if kind == "DECISION":
        known = any(each.id == subject for each in pod.workstreams)
        return _filled(_WORKSTREAM if known else "podium advance {pod}, or podium cancel {pod}", pod, subject)
    if kind == "RUNNER":
        return _filled(_BY_REASON["RUNNER_MISSING"], pod, "") if subject == "runner" else ""
    return _filled(_BY_KIND.get(kind, ""), pod, subject)


def _approval(pod: "pod_pb2.Pod", subject: str) -> str:
    return _filled("podium show {subject} {pod}, then podium approve {pod}", pod, subject)


def _filled(pattern: str, pod: "pod_pb2.Pod", subject: str) -> str:
    return pattern.format(pod=pod.number or pod.pod_id, subject=subject)
