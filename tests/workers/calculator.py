"""A listener that serves ``math``, and how to let it read all there is."""

from __future__ import annotations

from typing import Any

from littleflow_redis import Client, TaskListener
from tests.support import wait_until
from tests.workers.scenes import pending


def calculator(engine: Client, **settings: Any) -> TaskListener:
    listener = TaskListener("math", client=engine, **settings)

    @listener.task
    def add(x: float, y: float = 0) -> float:
        return x + y

    @listener.task("times-ten")
    def multiply(x: float) -> float:
        return 10 * x

    @listener.task(bind="whole")
    def count(items: list[float]) -> int:
        return len(items)

    @listener.task
    def halve(x: float) -> float:
        raise ValueError(f"{x} is odd")

    return listener


def read_all(engine: Client, listener: TaskListener) -> int:
    """Turn the listener until it has read all there is; return how many tasks it has begun."""
    begun = 0

    def read() -> bool:
        nonlocal begun
        begun += listener.turn()
        assert pending(engine, "tasks:math") == 0
        (group,) = engine.redis.xinfo_groups(engine.keys.events)
        (last,) = engine.redis.xrevrange(engine.keys.events, count=1)
        return bool(group["last-delivered-id"] == last[0])

    wait_until(read, "all is read and acknowledged")
    listener.stop()
    return begun
