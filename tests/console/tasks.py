"""The tasks of the console's tests, served by a listener of its own process.

What a test has to decide while they run stands in Redis, under ``test:…``.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

import redis

from littleflow_redis import TaskListener

listener = TaskListener(concurrency=16)
store = redis.Redis(
    host=os.environ["REDIS_HOST"], port=int(os.environ["REDIS_PORT"]), decode_responses=True
)

#: Seconds between two looks at what a test has decided.
LOOK = 0.02


@listener.task
def pass_on(**fields: Any) -> dict[str, Any]:
    """Return what it gets."""
    return fields


@listener.task
def held(**fields: Any) -> dict[str, Any]:
    """Run until the test lets it go; a stop of the workflow does not reach it."""
    while not store.exists("test:go"):
        time.sleep(LOOK)
    return fields


@listener.task
def fragile(**fields: Any) -> dict[str, Any]:
    """Fail until the test has mended it."""
    if not store.exists("test:mended"):
        raise ValueError("no such column: prize")
    return {**fields, "price": 12}


@listener.task
def refuses(**fields: Any) -> None:
    """Fail, with what it got as the reason."""
    raise ValueError(json.dumps(fields))


@listener.task
def hostile(**fields: Any) -> dict[str, Any]:
    """Return what would harm a page that believed it."""
    return {
        "markup": "<img src=x onerror=\"document.title='harmed'\">",
        "direction": "abc\u202egnp.exe",
        "closing": "</script><script>document.title='harmed'</script>",
    }


@listener.task
def large(**fields: Any) -> dict[str, Any]:
    """Return close to a megabyte."""
    return {"text": "x" * 990_000}


if __name__ == "__main__":
    listener.run()
