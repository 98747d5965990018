"""A QUICK pod from a sentence to a landed commit."""

from podium.pod_manager.domain.commands.review import ApproveReview
from podium.pod_manager.domain.kinds import JobKind, Phase
from tests.pod_manager.scene import Scene


def test_from_a_sentence_to_a_landed_commit() -> None:
    """OpenPod, one worker, its merge, the verification, the approval, the landing, the release: nothing else."""
    scene = Scene()
    scene.open_pod(quick=True)
    scene.finish_workstream("work")
    scene.verify()
    scene.do(ApproveReview(integration_commit="tip"))
    scene.landed()
    assert scene.phase() is Phase.COMPLETED
    scene.done(JobKind.RELEASE)
    assert not scene.open
    assert scene.refolded() == scene.pod
