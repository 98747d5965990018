"""Background tasks that cannot get lost.

A bare task is garbage-collected while it runs and its exception is seen by nobody; a `TaskSet` keeps its tasks,
reports every failure, and ends them all before `close` returns.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar

_log = logging.getLogger(__name__)

T = TypeVar("T")


class TaskSet:
    """The background tasks of one owner.

    `on_failure` is called with the exception of each task that fails, after it was logged; a cancellation is
    no failure.
    """

    def __init__(self, name: str, on_failure: Callable[[BaseException], None] | None = None) -> None:
        self._name = name
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, coro: Coroutine[Any, Any, T], *, name: str = "", context: Context | None = None) -> asyncio.Task[T]:
        """Start a task. Raises RuntimeError after `close`.

        The task gets an empty context by default: a deadline, identity or trace of the call that happens to start it
        is not its own.
        """
        if self._closed:
            coro.close()
            raise RuntimeError(f"task set {self._name} is closed")
        label = f"{self._name}/{name or getattr(coro, '__name__', 'task')}"
        task = asyncio.get_running_loop().create_task(
            coro, name=label, context=Context() if context is None else context
        )
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        _log.error("task failed: %s", task.get_name(), exc_info=error)
        if self._on_failure is not None:
            self._on_failure(error)

    async def close(self) -> None:
        """Cancel what runs and wait until it has ended; safe to call twice, and from one of the tasks."""
        self._closed = True
        own = asyncio.current_task()
        while tasks := [task for task in self._tasks if task is not own]:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            # Done callbacks are scheduled, not run, by the end of the wait: let them empty the set.
            await asyncio.sleep(0)

    async def __aenter__(self) -> "TaskSet":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
