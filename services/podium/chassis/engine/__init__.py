"""The entity engine: one mailbox and one writer per entity, over any domain and any log.

How a command runs: it is decided on `head`, the newest state, at once; its events are queued and appended in order,
many in one request; when the log has them they become `committed`, and only then callers are answered and watchers
told. A rejection rests on `head` too, so it is answered when the revision it rests on is committed. An append that
fails drops everything undone; the entity is rebuilt from the log.
"""

from podium.chassis.engine.engine import Engine
from podium.chassis.engine.model import (
    Board,
    Bookmark,
    Change,
    EngineSettings,
    Outcome,
    Owner,
    Snapshot,
    View,
    WatchItem,
)

__all__ = [
    "Board",
    "Bookmark",
    "Change",
    "Engine",
    "EngineSettings",
    "Outcome",
    "Owner",
    "Snapshot",
    "View",
    "WatchItem",
]
