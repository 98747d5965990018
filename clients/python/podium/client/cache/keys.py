"""Names for what a cache holds and shows: one entity, a list, the links of an entity, the connection."""

from typing import NamedTuple


class Key(NamedTuple):
    """Something that can be loaded, listened to, or have an error."""

    kind: str
    id: str = ""


TASKS = Key("tasks")
"""Every task of the project."""
SESSIONS = Key("sessions")
"""Every session of the project."""
PROJECT = Key("project")
"""The project's own fields."""
REVISION = Key("revision")
"""How far the changes reach; moves also where a change shows nothing new."""
CONNECTION = Key("connection")
"""Whether the cache hears of changes."""


def task(task_id: str) -> Key:
    """One task."""
    return Key("task", task_id)


def session(session_id: str) -> Key:
    """One session."""
    return Key("session", session_id)


def task_sessions(task_id: str) -> Key:
    """The sessions that hold a task."""
    return Key("task_sessions", task_id)


def session_tasks(session_id: str) -> Key:
    """The tasks that a session holds."""
    return Key("session_tasks", session_id)
