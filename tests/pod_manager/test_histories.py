"""What was stored once is folded for ever."""

from pathlib import Path

import pytest

from podium.pod_manager.domain.domain import PodDomain
from tests.pod_manager.histories import FOLDER, STORIES, read, to_json
from tests.pod_manager.scene import POD_ID


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.jsonl")), ids=lambda path: path.stem)
def test_recorded_histories(path: Path) -> None:
    """Each recorded stream folds to the state that was recorded with it."""
    domain = PodDomain()
    facts, state = read(path)
    pod = domain.initial(POD_ID)
    for recorded in facts:
        pod = domain.evolve(pod, recorded)
    assert to_json(pod) == state


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.jsonl")), ids=lambda path: path.stem)
def test_a_fold_leaves_the_state_before_as_it_was(path: Path) -> None:
    """What a watcher or a reader holds does not change under it, whatever follows."""
    domain = PodDomain()
    pod = domain.initial(POD_ID)
    for recorded in read(path)[0]:
        before, was = pod, to_json(pod)
        pod = domain.evolve(pod, recorded)
        assert to_json(before) == was and pod is not before


def test_every_story_is_recorded() -> None:
    """No story without its file."""
    assert {path.stem for path in FOLDER.glob("*.jsonl")} >= set(STORIES)


@pytest.mark.parametrize("name", sorted(STORIES))
def test_stories_still_happen(name: str) -> None:
    """The stories themselves still come to their ends (their facts may differ by now)."""
    assert STORIES[name]().pod.phase.name in ("COMPLETED", "CANCELLED")
