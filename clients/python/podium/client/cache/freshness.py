"""Which lists are loaded, which are being loaded, and what went wrong; bounded."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from podium.client.cache.keys import Key
from podium.client.errors import PodiumError

V = TypeVar("V")

FRESH_SECONDS = 30.0
"""What was loaded is fresh for so long; exactly so old is fresh."""

MAX_LOADED = 10_000
MAX_ERRORS = 1_000
"""Keys remembered; past these the oldest is forgotten, which costs a fetch or a message."""


@dataclass(slots=True)
class Loaded:
    """When a key was last loaded or changed (clock seconds), and the revision that its answer showed."""

    at: float
    revision: int


@dataclass(slots=True, eq=False)
class Fetch:
    """A listing under way; a newer one of the same key takes its place."""

    key: Key
    revision: int | None = None
    """The oldest revision of its pages."""
    seen: set[str] = field(default_factory=set)


class Freshness:
    """The state of every key that somebody loads."""

    def __init__(self) -> None:
        self._loaded: dict[Key, Loaded] = {}
        self._fetches: dict[Key, Fetch] = {}
        self._errors: dict[Key, PodiumError] = {}

    def is_fresh(self, key: Key, now: float) -> bool:
        """Whether what is shown needs no fetch."""
        loaded = self._loaded.get(key)
        # Rounded to the microsecond, so that 30 s after a time is 30 s, whatever binary fractions say.
        return loaded is not None and round(now - loaded.at, 6) <= FRESH_SECONDS

    def is_covered(self, key: Key, base: int) -> bool:
        """Whether it was loaded at or after a revision, or is being loaded."""
        loaded = self._loaded.get(key)
        return key in self._fetches or (loaded is not None and loaded.revision >= base)

    def touch(self, keys: Iterable[Key], now: float) -> None:
        """A change brought these up to date."""
        for key in keys:
            loaded = self._loaded.get(key)
            if loaded is not None:
                loaded.at = now

    def forget(self, key: Key) -> None:
        """What it was about is gone."""
        self._loaded.pop(key, None)
        self._errors.pop(key, None)

    def forget_before(self, revision: int) -> None:
        """Answers of older revisions count no more."""
        for key in [key for key, loaded in self._loaded.items() if loaded.revision < revision]:
            del self._loaded[key]

    # -- fetches ---------------------------------------------------------------------------------------------

    @property
    def loading(self) -> frozenset[Key]:
        """Keys with a fetch under way."""
        return frozenset(self._fetches)

    def begin(self, key: Key) -> Fetch:
        """A fetch begins; the one before counts no more."""
        self._fetches[key] = fetch = Fetch(key)
        return fetch

    def is_current(self, fetch: Fetch) -> bool:
        """Whether no newer fetch took its place."""
        return self._fetches.get(fetch.key) is fetch

    def end(self, fetch: Fetch, now: float) -> None:
        """It has its answer."""
        del self._fetches[fetch.key]
        self._errors.pop(fetch.key, None)
        self._loaded.pop(fetch.key, None)
        self._loaded[fetch.key] = Loaded(now, fetch.revision or 0)
        _bound(self._loaded, MAX_LOADED)

    def give_up(self, fetch: Fetch) -> None:
        """It has no answer and needs none."""
        if self.is_current(fetch):
            del self._fetches[fetch.key]

    # -- errors ----------------------------------------------------------------------------------------------

    def error(self, key: Key) -> PodiumError | None:
        """What went wrong last."""
        return self._errors.get(key)

    def fail(self, key: Key, error: PodiumError | None) -> None:
        """Remember an error, or that there is none."""
        self._errors.pop(key, None)
        if error is not None:
            self._errors[key] = error
            _bound(self._errors, MAX_ERRORS)

    def __len__(self) -> int:
        return len(self._loaded) + len(self._errors) + len(self._fetches)


def _bound(kept: dict[Key, V], limit: int) -> None:
    while len(kept) > limit:
        del kept[next(iter(kept))]
