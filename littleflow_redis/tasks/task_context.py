"""Which task a function runs for: what it needs to do its work only once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from littleflow_redis.engine.model.task_events import StartTask

_CURRENT: ContextVar[StartTask] = ContextVar("littleflow_redis_task")


def current_task() -> StartTask:
    """The task whose function is running here, of a TaskListener or of ``run_local``.

    Its ``token`` names this attempt; a task that is run again after a crash has the same one. So
    with ``workflow`` and ``index`` it is a key for work that must not be done twice. Raises
    LookupError outside of a task, and in threads that the function started.
    """
    try:
        return _CURRENT.get()
    except LookupError:
        raise LookupError(
            "no task runs here: call current_task() in a function that a TaskListener or "
            "run_local calls, not in a thread of its own"
        ) from None


@contextmanager
def running(task: StartTask) -> Iterator[None]:
    """Within it, ``task`` is the current one."""
    token = _CURRENT.set(task)
    try:
        yield
    finally:
        _CURRENT.reset(token)
