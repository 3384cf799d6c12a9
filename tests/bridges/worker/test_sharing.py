"""A worker whose broker and whose stream are both full serves both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from celery import Celery

from littleflow_redis.engine.client import Client, StartSpec
from tests.support import RedisServer, wait_until

from .conftest import KINDS, POOLS, Serve, broker_url

#: Tasks of each kind, and the seconds that each takes.
MANY, SECONDS = 180, 0.01

#: Tasks that are not counted, because only one kind may be there yet, or still.
EDGE = 30

STEP = f"inside:mark(- {{line: step, seconds: {SECONDS}}} -)"


def while_both_are_full(lines: Sequence[str]) -> list[str]:
    """The lines of these tasks, but for those at the begin and at the end."""
    ran = [line for line in lines if line in ("step", "plain")]
    for number in range(len(ran)):
        if max(Counter(ran[:number]).values(), default=0) > MANY - EDGE:
            return ran[EDGE:number]
    return []


@pytest.mark.parametrize("pool", KINDS)
def test_neither_source_gets_less_than_a_third(
    engine: Client,
    serve: Serve,
    ledger: Path,
    say: Callable[[str], None],
    redis_server: RedisServer,
    pool: str,
) -> None:
    serve(pool)
    for _ in range(POOLS[pool]):
        engine.start("inside:linger", "slot")
    wait_until(
        lambda: ledger.read_text().split().count("slot-began") == POOLS[pool], "none is free"
    )
    with Celery(broker=broker_url(redis_server), set_as_current=False) as app:
        for _ in range(MANY):
            app.send_task("inside.mark", ("plain",), {"seconds": SECONDS})
    engine.start_many([StartSpec(STEP)] * MANY)
    say("go-slot")
    seen = wait_until(lambda: while_both_are_full(ledger.read_text().split()), "one is over")
    counted = Counter(seen)
    assert min(counted["step"], counted["plain"]) >= len(seen) / 3, counted
