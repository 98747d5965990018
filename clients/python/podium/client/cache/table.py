"""Entities by id: what the server said of each, as of which revision, and what is shown over it.

Two layers. `kept` is the server's word; an entry of None is a deletion that later, older answers must not undo.
`shown` is `kept` with the edits of calls under way laid over it. So a rollback is the removal of an edit: the original
is there, with whatever others changed meanwhile.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from podium.client.cache.keys import Key

T = TypeVar("T")

Edit = Callable[[T | None], T | None]
"""From what is there (None: nothing) to what should be (None: nothing). It may meet its own effect, so applying it
twice must be applying it once; it returns a new entity and leaves the given one alone."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """An entity as of a revision; None: it was deleted by then."""

    value: T | None
    revision: int


class Table(Generic[T]):
    """One kind of entity. Every method that changes something returns the keys whose views changed."""

    def __init__(
        self,
        names: tuple[str, str, str],
        links: Callable[[T], Iterable[str]],
        unlink: Callable[[T, str], T],
    ) -> None:
        """`names`: the keys' kinds of one entity, of all, and of those linked to another.

        `links(entity)` are the ids it is linked to; `unlink(entity, id)` is a copy without one of them.
        """
        self._one, many, self._of_link = names
        self._many = Key(many)
        self._links = links
        self._unlink = unlink
        self._kept: dict[str, Entry[T]] = {}
        self._edits: dict[str, dict[str, Edit[T]]] = {}
        self._shown: dict[str, T] = {}
        self._linked: dict[str, set[str]] = {}
        self.deletions = 0
        """Entries of None."""

    # -- reading ---------------------------------------------------------------------------------------------

    def get(self, entity_id: str) -> T | None:
        """What is shown."""
        return self._shown.get(entity_id)

    def values(self) -> Collection[T]:
        """All that is shown."""
        return self._shown.values()

    def linked(self, other_id: str) -> Iterator[T]:
        """What is shown and linked to an entity of the other kind."""
        return (self._shown[entity_id] for entity_id in self._linked.get(other_id, ()))

    def __len__(self) -> int:
        return len(self._kept)

    # -- the server's word -----------------------------------------------------------------------------------

    def put(self, entity_id: str, value: T | None, revision: int) -> set[Key]:
        """Take in an entity (None: its deletion) as of a revision, unless something newer is known."""
        known = self._kept.get(entity_id)
        if known is not None and known.revision >= revision:
            return set()
        self._set(entity_id, Entry(value, revision))
        return self._show(entity_id)

    def drop_before(self, revision: int) -> set[Key]:
        """Forget everything older than a revision, deletions too."""
        return self._drop([each for each, entry in self._kept.items() if entry.revision < revision])

    def drop_unseen(self, seen: Collection[str], revision: int) -> set[Key]:
        """Take as deleted what a complete listing as of a revision did not have."""
        missing = [
            each
            for each, entry in self._kept.items()
            if entry.value is not None and entry.revision <= revision and each not in seen
        ]
        touched: set[Key] = set()
        for each in missing:
            self._set(each, Entry(None, revision))
            touched |= self._show(each)
        return touched

    def drop_unseen_links(self, other_id: str, seen: Collection[str], revision: int) -> set[Key]:
        """Take as unlinked what a complete listing of an entity's links as of a revision did not have."""
        touched: set[Key] = set()
        for each in [each for each in self._linked.get(other_id, ()) if each not in seen]:
            entry = self._kept.get(each)
            if entry is None or entry.value is None or entry.revision > revision:
                continue
            self._set(each, Entry(self._unlink(entry.value, other_id), entry.revision))
            touched |= self._show(each)
        return touched

    def forget_deletions(self) -> None:
        """Deletions matter only while an older answer may still come."""
        if self.deletions:
            self._drop([each for each, entry in self._kept.items() if entry.value is None])

    def _drop(self, entity_ids: Iterable[str]) -> set[Key]:
        touched: set[Key] = set()
        for each in entity_ids:
            entry = self._kept.pop(each)
            self.deletions -= entry.value is None
            touched |= self._show(each)
        return touched

    def _set(self, entity_id: str, entry: Entry[T]) -> None:
        known = self._kept.get(entity_id)
        self.deletions += (entry.value is None) - (known is not None and known.value is None)
        self._kept[entity_id] = entry

    # -- edits of calls under way ----------------------------------------------------------------------------

    def lay(self, entity_id: str, request_id: str, edit: Edit[T]) -> set[Key]:
        """Show an edit over what is kept, after those that are there."""
        self._edits.setdefault(entity_id, {})[request_id] = edit
        return self._show(entity_id)

    def lift(self, entity_id: str, request_id: str) -> set[Key]:
        """Take an edit away."""
        edits = self._edits.get(entity_id, {})
        if edits.pop(request_id, None) is None:
            return set()
        if not edits:
            del self._edits[entity_id]
        return self._show(entity_id)

    # -- what is shown ---------------------------------------------------------------------------------------

    def _show(self, entity_id: str) -> set[Key]:
        kept = self._kept.get(entity_id)
        value = None if kept is None else kept.value
        for edit in self._edits.get(entity_id, {}).values():
            value = edit(value)
        before = self._shown.get(entity_id)
        if before == value:
            return set()
        old = set(self._links(before)) if before is not None else set()
        new = set(self._links(value)) if value is not None else set()
        self._link(entity_id, old - new, new - old)
        if value is None:
            del self._shown[entity_id]
        else:
            self._shown[entity_id] = value
        return {Key(self._one, entity_id), self._many, *(Key(self._of_link, other) for other in old | new)}

    def _link(self, entity_id: str, gone: Iterable[str], come: Iterable[str]) -> None:
        for other in gone:
            self._linked[other].discard(entity_id)
            if not self._linked[other]:
                del self._linked[other]
        for other in come:
            self._linked.setdefault(other, set()).add(entity_id)
