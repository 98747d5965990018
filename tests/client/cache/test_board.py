"""The cache's machine, case by case. Numbers: maestro.md (M), scenarios.md, tasks and sessions (S)."""

from typing import Any

import pytest

from podium.client.cache import keys
from podium.client.cache.board import MAX_DELETIONS, Board, GapError, StaleAnswerError
from podium.client.cache.edits import edits_of
from podium.client.cache.keys import TASKS
from podium.client.errors import make_error
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1.task_pb2 import Session, Task

LOST = make_error("UNAVAILABLE", "", "lost")


def board(revision: int = 1) -> Board:
    made = Board()
    made.bookmark(revision)
    return made


def task(task_id: str, title: str = "", **fields: Any) -> Task:
    return Task(id=task_id, title=title, **fields)


def change(to: int, *, after: int | None = None, request_id: str = "", **fields: Any) -> pb.ProjectChange:
    made = pb.ProjectChange(from_revision=to - 1 if after is None else after, to_revision=to, **fields)
    if request_id:
        made.events.add(revision=to, request_id=request_id)
    return made


def load(b: Board, revision: int, *tasks: Task, now: float = 0.0) -> None:
    fetch = b.begin_fetch(TASKS)
    b.page(fetch, revision, tasks=tasks)
    b.end_fetch(fetch, now)


def titles(b: Board) -> dict[str, str]:
    return {each.id: each.title for each in b.tasks.values()}


def test_a_late_answer_makes_no_ghost():
    """M13, S33: a task deleted while an older listing was on its way does not come back with it."""
    b = board()
    b.change(change(2, tasks=[task("a")]), 0)
    fetch = b.begin_fetch(TASKS)
    b.change(change(3, removed_tasks=["a"]), 0)
    b.page(fetch, 2, tasks=[task("a")])
    b.end_fetch(fetch, 0)
    assert titles(b) == {} and b.tasks.deletions == 0


def test_the_answers_revision_says_which_changes_apply():
    """An answer newer than a change stands, an older one gives way, entity by entity."""
    b = board()
    fetch = b.begin_fetch(TASKS)
    b.change(change(2, tasks=[task("a", "two")]), 0)
    b.page(fetch, 1, tasks=[task("a", "one"), task("b", "one")])
    b.end_fetch(fetch, 0)
    assert titles(b) == {"a": "two", "b": "one"}
    load(b, 5, task("a", "five"), task("b", "one"))
    b.change(change(3, tasks=[task("a", "three")]), 0)
    assert titles(b) == {"a": "five", "b": "one"}
    b.change(change(6, after=3, tasks=[task("a", "six")]), 0)
    assert titles(b)["a"] == "six"


def test_changes_are_counted_once():
    """S34: a change seen before, or overlapping what was seen, does nothing twice."""
    b = board()
    assert keys.task("a") in b.change(change(2, tasks=[task("a")]), 0)
    assert b.change(change(2, tasks=[task("a", "other")]), 0) == set()
    b.change(change(4, after=1, tasks=[task("a", "four")]), 0)
    assert titles(b) == {"a": "four"} and b.followed == 4


def test_no_gap_goes_unnoticed():
    """S40: a change that begins past what is known is refused."""
    b = board()
    with pytest.raises(GapError):
        b.change(change(4, after=2), 0)


def test_a_partial_change_counts_with_its_last_part():
    """A cut between two parts is resumed from before the first."""
    b = board()
    b.change(change(2, tasks=[task("a")], partial=True), 0)
    assert b.followed == 1
    b.change(change(3, after=1, tasks=[task("a", "three"), task("b")]), 0)
    assert (titles(b), b.followed) == ({"a": "three", "b": ""}, 3)


def test_what_a_refetch_does_not_show_is_gone():
    """M16, S39: after a gap, what was deleted meanwhile goes, visible or not; the visible stays shown until then."""
    b = board()
    load(b, 1, task("a"), task("b"))
    b.change(change(2, sessions=[Session(id="s", task_ids=["a"])]), 0)
    b.lose()
    b.bookmark(9)
    assert set(titles(b)) == {"a", "b"}
    load(b, 9, task("b"))
    assert set(titles(b)) == {"b"}
    assert keys.session("s") in b.evict_uncovered()
    assert not list(b.sessions.values())


def test_an_answer_from_before_the_gap_is_refused():
    """Nothing would bring it up to date."""
    b = board()
    fetch = b.begin_fetch(TASKS)
    b.lose()
    b.bookmark(9)
    with pytest.raises(StaleAnswerError):
        b.page(fetch, 8, tasks=[task("a")])


def test_fresh_for_thirty_seconds():
    """M19, S38: at 10 s, and at exactly 30,000 ms, it is fresh; at 31 s it is not; a change keeps it fresh."""
    b = board()
    load(b, 1, task("a"), now=1000.1)
    fresh = [b.freshness.is_fresh(TASKS, 1000.1 + age) for age in (10, 30, 30.001, 31)]
    assert fresh == [True, True, False, False]
    b.change(change(2, tasks=[task("a", "new")]), 1020.1)
    assert b.freshness.is_fresh(TASKS, 1050.1) and not b.freshness.is_fresh(TASKS, 1050.2)


def test_a_new_fetch_takes_the_place_of_the_old():
    """The old one's pages are dropped, also when they arrive last."""
    b = board()
    old, new = b.begin_fetch(TASKS), b.begin_fetch(TASKS)
    b.page(new, 2, tasks=[task("a", "new")])
    b.end_fetch(new, 0)
    assert b.page(old, 3, tasks=[task("b")]) == set() == b.end_fetch(old, 0) == b.fail_fetch(old, LOST)
    assert titles(b) == {"a": "new"} and not b.freshness.loading


def test_failed_removal_is_rolled_back():
    """M18, S37: the item is gone at once; on failure it is back, with what others changed, and the error is there."""
    b = board()
    b.change(change(2, tasks=[task("a"), task("part", parent_id="a")], sessions=[Session(id="s", task_ids=["a"])]), 0)
    request = pb.DeleteTaskRequest(task_id="a")
    touched = b.edit("r", edits_of(request, b.tasks.values(), b.sessions.values()))
    assert {keys.task("a"), keys.task("part"), keys.session("s"), TASKS} <= touched
    assert titles(b) == {} and not b.sessions.get("s").task_ids  # type: ignore[union-attr]
    b.change(change(3, tasks=[task("a", "renamed")]), 0)
    assert titles(b) == {}
    b.roll_back("r", keys.task("a"), LOST)
    assert titles(b) == {"a": "renamed", "part": ""} and b.freshness.error(keys.task("a")) is LOST
    assert list(b.sessions.get("s").task_ids) == ["a"]  # type: ignore[union-attr]


def test_the_change_with_our_request_id_confirms():
    """The edit goes with it, though the answer is still under way; a failure then rolls nothing back."""
    b = board()
    b.change(change(2, tasks=[task("a", "old")]), 0)
    request = pb.UpdateTaskRequest(task_id="a", title="mine")
    request.update_mask.paths.append("title")
    b.edit("r", edits_of(request, (), ()))
    b.change(change(3, request_id="other", tasks=[task("a", "theirs")]), 0)
    assert titles(b) == {"a": "mine"} and b.pending
    b.change(change(4, request_id="r", tasks=[task("a", "mine")]), 0)
    assert not b.pending
    b.roll_back("r", keys.task("a"), LOST)
    assert titles(b) == {"a": "mine"} and b.freshness.error(keys.task("a")) is None


def test_what_the_answer_does_not_show_stays_until_its_change():
    """A deletion is answered by a revision only: the item stays away until the change of that revision is in."""
    b = board()
    b.change(change(2, tasks=[task("a")]), 0)
    b.edit("r", edits_of(pb.DeleteTaskRequest(task_id="a"), b.tasks.values(), ()))
    b.answer("r", 4)
    assert titles(b) == {} and b.pending
    b.change(change(4, after=2, removed_tasks=["a"], conflated=True), 0)
    assert titles(b) == {} and not b.pending


def test_a_made_task_is_shown_at_once_and_only_once():
    """The provisional task gives way to the answer's, whose number it did not know."""
    b = board()
    b.edit("r", edits_of(pb.CreateTaskRequest(task_id="a", title="x"), (), ()))
    assert titles(b) == {"a": "x"} and b.tasks.get("a").number == 0  # type: ignore[union-attr]
    b.answer("r", 2, task=task("a", "x", number=7))
    assert [each.number for each in b.tasks.values()] == [7] and not b.pending
    b.change(change(2, request_id="r", tasks=[task("a", "x", number=7)]), 0)
    assert len(b.tasks.values()) == 1


def test_deleted_project_made_again():
    """Nothing of the old one is left, and answers about it are refused."""
    b = board()
    load(b, 1, task("old"))
    fetch = b.begin_fetch(TASKS)
    b.change(change(4, after=1, reset=True, conflated=True, tasks=[task("new")]), 0)
    assert set(titles(b)) == {"new"}
    with pytest.raises(StaleAnswerError):
        b.page(fetch, 2, tasks=[task("old")])


def test_memory_is_bounded():
    """Deletions are remembered while an older answer may come, and no more of them than MAX_DELETIONS."""
    b = board()
    fetch = b.begin_fetch(TASKS)
    gone = [f"t{i}" for i in range(MAX_DELETIONS + 1)]
    b.change(change(2, removed_tasks=gone[:-1]), 0)
    assert b.tasks.deletions == MAX_DELETIONS
    b.change(change(3, removed_tasks=gone[-1:]), 0)
    assert b.tasks.deletions == 0 and len(b.tasks) == 0
    with pytest.raises(StaleAnswerError):
        b.page(fetch, 2, tasks=[task("t0")])


def test_links_follow_both_sides():
    """A deletion leaves every view; a listing of links that lacks one unlinks it."""
    b = board()
    s = Session(id="s", task_ids=["a", "b"])
    b.change(change(2, tasks=[task("a", session_ids=["s"]), task("b", session_ids=["s"])], sessions=[s]), 0)
    assert {each.id for each in b.tasks.linked("s")} == {"a", "b"}
    fetch = b.begin_fetch(keys.session_tasks("s"))
    b.page(fetch, 3, tasks=[task("a", session_ids=["s"])])
    b.end_fetch(fetch, 0)
    assert {each.id for each in b.tasks.linked("s")} == {"a"} and b.tasks.get("b").session_count == 0  # type: ignore[union-attr]
    b.change(change(4, after=2, removed_tasks=["a", "b"], sessions=[Session(id="s")]), 0)
    assert not list(b.tasks.linked("s")) and not list(b.sessions.linked("a"))
