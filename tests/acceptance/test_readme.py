"""README.md: what stands under "From Python" fits together, as it stands there."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import redis

from tests.support import RedisServer, Spawned

PAGE = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
LISTENER, PROGRAM = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)


def test_the_snippets_fit_together(
    client: redis.Redis, redis_server: RedisServer, spawn: Callable[..., Spawned]
) -> None:
    """One started `math:mul`, and the other served `math:add` alone: it waited for ever."""
    worker = [sys.executable, "-m", "littleflow_redis", "worker"]
    listener, program = ([sys.executable, "-c", text] for text in (LISTENER, PROGRAM))
    spawn(worker, env=redis_server.environment)
    spawn(listener, env=redis_server.environment)
    done = spawn(program, env=redis_server.environment)
    assert done.wait() == 0, done.output
    (shown,) = re.findall(r"# (\d+); what came", PROGRAM)
    assert done.output == f"{shown}\n"
