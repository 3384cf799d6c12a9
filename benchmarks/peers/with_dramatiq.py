"""What runs in Dramatiq's environment: its worker loads this module, and ``client`` drives it.

``with_dramatiq.py client chains COUNT STEPS`` and ``… client group WIDTH`` print
``{"seconds": …}``. Written for Dramatiq's own API; imports nothing of ours.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import dramatiq
from dramatiq import group, pipeline
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

URL = os.environ["REDIS_URL"]

#: Milliseconds for which a result is waited for: whoever runs this gives up before.
PATIENCE = 600_000

broker = RedisBroker(url=URL)
broker.add_middleware(Results(backend=RedisBackend(url=URL)))
dramatiq.set_broker(broker)


@dramatiq.actor
def noop(value: Any = None) -> Any:
    """Hand on what it was given."""
    return value


def last(*args: Any) -> Any:
    """A call whose result is kept, so that its end can be seen."""
    return noop.message_with_options(args=args, store_results=True)


def chains(count: int, steps: int) -> None:
    """So many pipelines at a time. Only the last result of each is kept: the least work for it."""
    calls = [
        pipeline([noop.message(1), *[noop.message() for _ in range(steps - 2)], last()]).run()
        for _ in range(count)
    ]
    found = [call.get_result(block=True, timeout=PATIENCE) for call in calls]
    assert found == [1] * count, found[:10]


def fan_out(width: int) -> None:
    """One group, until all results are there."""
    call = group([last(1) for _ in range(width)]).run()
    found = list(call.get_results(block=True, timeout=PATIENCE))
    assert found == [1] * width, found[:10]


WORKS: dict[str, Callable[..., None]] = {"chains": chains, "group": fan_out}


def main(role: str, work: str, *numbers: str) -> None:
    """Do the work once and tell how long it took."""
    assert role == "client"
    chains(1, 2)
    began = time.perf_counter()
    WORKS[work](*map(int, numbers))
    print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main(*sys.argv[1:])
