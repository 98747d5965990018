"""What others said, within sentences of our own."""

import pytest

from podium.pod_manager.domain.commands.workstreams import FailWorkstream
from podium.pod_manager.domain.kinds import InboxReason
from podium.pod_manager.domain.wording import sentence
from tests.pod_manager.scene import Scene, item


@pytest.mark.parametrize(
    ("said", "most", "written"),
    [
        ("the API answers 403", 100, "the API answers 403."),
        ("  It answers 403.\n", 100, "It answers 403."),
        ("really?", 100, "really?"),
        ("", 100, ""),
        ("0123456789", 10, "0123456789."),
        ("0123456789a", 10, "012345678…"),
    ],
)
def test_foreign_words_end_as_a_sentence(said: str, most: int, written: str) -> None:
    """A full stop where there is none, "…" where it is cut, never more than was allowed and a stop."""
    assert sentence(said, most) == written


def test_a_failed_workstream_is_told_in_whole_sentences() -> None:
    """Why it failed, then what can be done: two sentences, whatever the first one ended with."""
    scene = Scene().executing(item("a"))
    scene.do(FailWorkstream(workstream_id="a", reason="the API answers 403"))
    told = [entry.text for entry in scene.pod.inbox.values() if entry.reason is InboxReason.WORKSTREAM_FAILED]
    assert told == ["a failed: the API answers 403. Retry it, skip it, or change the plan."]
