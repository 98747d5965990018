"""What a pod wants from a person right now, as a pure function of its state."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from podium.cli.views import documents
from podium.cli.views.plain import word
from podium.cli.views.words import request_line

if TYPE_CHECKING:
    from podium.pods.v1 import pod_pb2


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing to decide.

    `kind` is spec, plan, review, question, workstream, document or landing; `subject` the version, commit, message,
    workstream or document it is about; `occasion` tells its second failure from its first. `body` is markdown.
    """

    kind: str
    subject: str
    title: str
    body: str = ""
    options: tuple[str, ...] = ()
    occasion: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from others."""
        return self.kind, self.subject, self.occasion


FINISHED = frozenset({"COMPLETED", "CANCELLED"})


def decisions(pod: "pod_pb2.Pod") -> list[Decision]:
    """All that waits for a person, the most urgent first: questions hold agents up, approvals hold everything up."""
    if word(pod, "phase") in FINISHED:
        return []
    return [*_questions(pod), *_approvals(pod), *_failures(pod)]


def _questions(pod: "pod_pb2.Pod") -> list[Decision]:
    return [
        Decision(
            "question",
            message.id,
            f"{message.author} asks" + (f" ({message.workstream_id})" if message.workstream_id else ""),
            message.content,
            tuple(message.options),
        )
        for message in sorted(pod.messages, key=lambda each: each.posted_time.ToNanoseconds())
        if word(message, "kind") == "QUESTION" and not message.HasField("answer") and not message.resolved
    ]


def _approvals(pod: "pod_pb2.Pod") -> list[Decision]:
    phase = word(pod, "phase")
    if phase == "SPEC_CLARIFICATION" and _stands(pod.spec):
        title = f"Spec v{pod.spec.version} waits for your approval"
        return [Decision("spec", str(pod.spec.version), title, documents.spec(pod))]
    if phase == "PLANNING" and _stands(pod.plan):
        title = f"Plan v{pod.plan.version} waits for your approval"
        return [Decision("plan", str(pod.plan.version), title, documents.plan(pod.plan))]
    review = pod.review
    if phase == "REVIEW" and review.verified and not review.approved_commit:
        return [Decision("review", review.integration_commit, "The work waits for your review", documents.review(pod))]
    return []


def _stands(document: "pod_pb2.Spec | pod_pb2.Plan") -> bool:
    """It was handed in, and nobody has asked for another version since."""
    return word(document, "state") == "READY" and not document.requested


def _failures(pod: "pod_pb2.Pod") -> list[Decision]:
    found = [
        Decision("document", item.subject, f"No {item.subject} could be written", item.text, occasion=item.id)
        for item in pod.inbox
        if word(item, "reason") == "DOCUMENT_FAILED"
    ]
    if word(pod, "phase") == "WORKSTREAM_EXECUTION":
        found += [_stuck(each) for each in sorted(pod.workstreams, key=lambda each: each.position) if _is_stuck(each)]
    review = pod.review
    if review.landing_error or review.conflict_paths:
        paths = "".join(f"\n- `{path}`" for path in review.conflict_paths)
        occasion = str(max((item.created_time.ToNanoseconds() for item in pod.inbox), default=0))
        title = "The landing is blocked"
        found.append(Decision("landing", review.integration_commit, title, review.landing_error + paths, (), occasion))
    elif review.proposed_commit and not review.landed_commit:
        sync = pod.external_sync
        title = f"The work waits for {request_line(sync)}"
        body = f"{documents.request(sync)}\n\nLand again once it is merged."
        found.append(Decision("landing", review.proposed_commit, title, body, (), f"{sync.state} {sync.number}"))
    return found


def _is_stuck(workstream: "pod_pb2.Workstream") -> bool:
    status = word(workstream, "status")
    return status == "FAILED" or (status == "IN_PROGRESS" and _interrupted(workstream))


def _stuck(workstream: "pod_pb2.Workstream") -> Decision:
    last = workstream.attempts[-1] if workstream.attempts else None
    what = "failed" if word(workstream, "status") == "FAILED" else "was interrupted"
    body = workstream.reason or (last.error if last else "")
    if last and last.checks_output.strip():
        body += f"\n\n```\n{last.checks_output.strip()[-1500:]}\n```"
    title = f"{workstream.id} ({workstream.title}) {what}"
    return Decision("workstream", workstream.id, title, body, (), str(len(workstream.attempts)))


def _interrupted(workstream: "pod_pb2.Workstream") -> bool:
    if not workstream.attempts:
        return False
    last = workstream.attempts[-1]
    return last.ended_time.seconds > 0 and word(last, "outcome") == "INTERRUPTED"
