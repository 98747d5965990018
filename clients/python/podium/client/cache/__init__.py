"""What clients show of projects: one store of tasks and sessions, loaded when looked at, kept current by changes.

    async with Podium.connect() as podium, MaestroCache(podium) as cache:
        project = cache.project("…")
        for task in await project.load_tasks():
            …

`board` is the machine (no input, no output), `project` the shell around it, `feed` its stream.
"""

from podium.client.cache import keys
from podium.client.cache.debounce import Debounce
from podium.client.cache.feed import Connection
from podium.client.cache.keys import Key
from podium.client.cache.maestro import MaestroCache
from podium.client.cache.project import CachedProject

__all__ = ["CachedProject", "Connection", "Debounce", "Key", "MaestroCache", "keys"]
