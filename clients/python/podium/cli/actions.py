"""What a person decides, as calls: shared by the inline questions of `podium run` and by the single commands."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from podium.cli import exits
from podium.cli.exits import CliError
from podium.cli.resolve import find_workstream
from podium.cli.views import plan_text
from podium.cli.views.plain import word

if TYPE_CHECKING:
    from podium.cli.views.decisions import Decision
    from podium.client.connection import Podium
    from podium.pods.v1 import pod_pb2


async def get_pod(podium: "Podium", pod_id: str, revision: int = 0) -> "pod_pb2.Pod":
    """The pod as it stands, or as it was after a revision."""
    from podium.pods.v1 import pod_service_pb2

    request = pod_service_pb2.GetPodRequest(pod_id=pod_id, at_revision=revision or None)
    return (await podium.pods.GetPod(request)).pod


async def approve(podium: "Podium", pod_id: str, decision: "Decision", landing: str = "") -> str:
    """Approves exactly the version that was shown; what was done, in words. `landing`: how a review's work lands."""
    from podium.pods.v1 import pod_service_pb2 as calls

    match decision.kind:
        case "spec":
            version = int(decision.subject)
            await podium.pods.ApproveSpec(calls.ApproveSpecRequest(pod_id=pod_id, version=version))
            return f"spec v{version} approved"
        case "plan":
            version = int(decision.subject)
            await podium.pods.ApprovePlan(calls.ApprovePlanRequest(pod_id=pod_id, version=version))
            return f"plan v{version} approved"
        case "review":
            request = calls.ApproveReviewRequest(
                pod_id=pod_id, integration_commit=decision.subject, landing=_landing(landing)
            )
            await podium.pods.ApproveReview(request)
            return f"review of {decision.subject[:10]} approved; landing"
        case _:
            raise CliError(f"{decision.title}: that is not an approval", code=exits.REFUSED)


async def send_back(
    podium: "Podium", pod: "pod_pb2.Pod", decision: "Decision", words: str, targets: Sequence[str]
) -> str:
    """Asks for another version, in words; `targets` are the workstreams that a review sends back."""
    from podium.pods.v1 import pod_service_pb2 as calls

    match decision.kind:
        case "spec" | "document" if decision.subject != "plan":
            await podium.pods.RequestSpec(calls.RequestSpecRequest(pod_id=pod.pod_id, feedback=words))
            return "the spec is written anew"
        case "plan" | "document":
            await podium.pods.RequestPlan(calls.RequestPlanRequest(pod_id=pod.pod_id, feedback=words))
            return "the plan is written anew"
        case "review":
            changes = [
                calls.ChangeRequest(workstream_id=find_workstream(pod, target).id, comment=words) for target in targets
            ]
            await podium.pods.RequestChanges(calls.RequestChangesRequest(pod_id=pod.pod_id, changes=changes))
            return f"sent back: {', '.join(change.workstream_id for change in changes)}"
        case _:
            raise CliError(f"{decision.title}: that cannot be sent back", code=exits.REFUSED)


async def answer(podium: "Podium", pod_id: str, decision: "Decision", text: str) -> str:
    """Answers a question: with one of its options (by its number or its words), else in free words."""
    from podium.pods.v1 import pod_service_pb2 as calls

    choice = pick(decision.options, text) if decision.options else ""
    request = calls.AnswerQuestionRequest(
        pod_id=pod_id, message_id=decision.subject, choice=choice, text="" if decision.options else text
    )
    await podium.pods.AnswerQuestion(request)
    return f"answered: {choice or text}"


def pick(options: Sequence[str], text: str) -> str:
    """The option meant by its number, its words, or their beginning where only one begins so. Raises `CliError`."""
    wanted = text.strip()
    if wanted.isdigit() and 1 <= int(wanted) <= len(options):
        return options[int(wanted) - 1]
    folded = wanted.casefold()
    found = [option for option in options if option.casefold() == folded]
    found = found or [option for option in options if folded and option.casefold().startswith(folded)]
    if len(found) != 1:
        listed = "; ".join(f"{index} {option}" for index, option in enumerate(options, start=1))
        raise CliError(f"{wanted!r} is not one of the options", f"options: {listed}", exits.REFUSED)
    return found[0]


async def submit_spec(podium: "Podium", pod: "pod_pb2.Pod", content: str) -> str:
    """A person's own version of the spec; reopens it where it was approved."""
    from podium.pods.v1 import pod_service_pb2 as calls

    if word(pod.spec, "state") == "APPROVED":
        await podium.pods.ReopenSpec(calls.ReopenSpecRequest(pod_id=pod.pod_id, reason="edited by hand"))
    done = await podium.pods.UpdateSpec(calls.UpdateSpecRequest(pod_id=pod.pod_id, content=content))
    return f"spec v{done.version} submitted"


async def submit_plan(podium: "Podium", pod: "pod_pb2.Pod", text: str) -> str:
    """A person's own version of the plan, from its text; reopens it where it was approved."""
    from podium.pods.v1 import pod_service_pb2 as calls

    summary, items = plan_text.from_text(text)
    if word(pod.plan, "state") == "APPROVED":
        await podium.pods.ReopenPlan(calls.ReopenPlanRequest(pod_id=pod.pod_id, reason="edited by hand"))
    done = await podium.pods.UpdatePlan(calls.UpdatePlanRequest(pod_id=pod.pod_id, summary=summary, items=items))
    return f"plan v{done.version} submitted"


async def retry(podium: "Podium", pod_id: str, workstream_id: str, feedback: str) -> str:
    """Lets a workstream try again."""
    from podium.pods.v1 import pod_service_pb2 as calls

    request = calls.RetryWorkstreamRequest(pod_id=pod_id, workstream_id=workstream_id, feedback=feedback)
    await podium.pods.RetryWorkstream(request)
    return f"{workstream_id} tries again"


async def skip(podium: "Podium", pod_id: str, workstream_id: str, reason: str) -> str:
    """Goes on without a workstream."""
    from podium.pods.v1 import pod_service_pb2 as calls

    request = calls.SkipWorkstreamRequest(pod_id=pod_id, workstream_id=workstream_id, reason=reason)
    await podium.pods.SkipWorkstream(request)
    return f"{workstream_id} skipped"


async def land(podium: "Podium", pod_id: str, landing: str = "") -> str:
    """Lands approved work again; `landing` is `target`, `pull_request`, or nothing for the pod's rule."""
    from podium.pods.v1 import pod_service_pb2 as calls

    await podium.pods.LandWork(calls.LandWorkRequest(pod_id=pod_id, landing=_landing(landing)))
    return "landing by a pull request" if landing == "pull_request" else "landing again"


def _landing(word: str) -> "pod_pb2.Landing.ValueType":
    from podium.pods.v1 import pod_pb2

    return pod_pb2.Landing.Value(f"LANDING_{(word or 'unspecified').upper()}")
