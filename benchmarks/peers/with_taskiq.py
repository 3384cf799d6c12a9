"""What runs in taskiq's environment: its worker loads this module, and ``client`` drives it.

``with_taskiq.py client chains COUNT STEPS`` and ``… client group WIDTH`` print ``{"seconds": …}``.
Written for taskiq's own API; imports nothing of ours.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from taskiq import AsyncTaskiqTask
from taskiq_pipelines import Pipeline, PipelineMiddleware
from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

URL = os.environ["REDIS_URL"]

#: Seconds between two looks at a result.
LOOK = 0.005

broker = (
    RedisStreamBroker(url=URL)
    .with_result_backend(RedisAsyncResultBackend(redis_url=URL))
    .with_middlewares(PipelineMiddleware())
)


@broker.task(task_name="noop")
async def noop(value: Any = None) -> Any:
    """Hand on what it was given."""
    return value


async def chains(count: int, steps: int) -> None:
    """So many pipelines at a time."""
    calls = []
    for _ in range(count):
        call = Pipeline(broker, noop)
        for _ in range(steps - 1):
            call = call.call_next(noop)
        calls.append(await call.kiq(1))
    await ends(calls)


async def fan_out(width: int) -> None:
    """So many tasks at a time, until all results are there."""
    await ends([await noop.kiq(1) for _ in range(width)])


async def ends(calls: Sequence[AsyncTaskiqTask[Any]]) -> None:
    """Wait for one after the other: looking at all again and again would cost it more."""
    for task in calls:
        result = await task.wait_result(check_interval=LOOK)
        assert result.return_value == 1, result


WORKS: dict[str, Callable[..., Awaitable[None]]] = {"chains": chains, "group": fan_out}


async def main(role: str, work: str, *numbers: str) -> None:
    """Do the work once and tell how long it took."""
    assert role == "client"
    await broker.startup()
    await chains(1, 2)
    began = time.perf_counter()
    await WORKS[work](*map(int, numbers))
    print(json.dumps({"seconds": time.perf_counter() - began}))
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
