"""A thread that waits can be woken at any moment of another wake-up."""

from __future__ import annotations

import sys
import threading
from types import FrameType
from typing import Any

from littleflow_redis.workers.executor.wake_up import WakeUp
from tests.support import LONG, wait_until


def test_what_is_set_before_the_wait_ends_it() -> None:
    wake = WakeUp()
    wake.set()
    wake.wait(LONG)
    wake.set()
    wake.clear()
    waiting = threading.Thread(target=wake.wait, args=(LONG,))
    waiting.start()
    assert waiting.is_alive()
    wake.set()
    waiting.join(LONG)
    assert not waiting.is_alive()


def test_a_handler_that_interrupts_a_set_may_set_it_too() -> None:
    """A cold shutdown hung for ever: the handler of its signal waited for a lock that its own
    thread had.
    """
    wake, interrupted = WakeUp(), []

    def handler(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line" and not interrupted:
            interrupted.append(frame.f_lineno)
            wake.set()
            interrupted.clear()
            seen.append(frame.f_lineno)
        return handler

    def set_it() -> None:
        sys.settrace(handler)
        wake.set()
        sys.settrace(None)

    seen: list[int] = []
    thread = threading.Thread(target=set_it, daemon=True)
    thread.start()
    wait_until(lambda: not thread.is_alive(), "it is set", 10.0)
    assert seen
    wake.wait(LONG)
