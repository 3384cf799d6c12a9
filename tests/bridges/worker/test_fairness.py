"""A fan-out spreads over all workers, although the script that begins it hands some steps over."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from tests.support import wait_until

from .conftest import Serve
from .test_exits import ended

#: Workers, and steps that take 10 ms each: one step or two more or less count little then.
WORKERS, STEPS = 4, 400

#: How much more than its share a worker may get.
MOST = 1.3


def test_no_worker_gets_much_more_than_its_share(
    engine: Client, serve: Serve, ledger: Path
) -> None:
    for _ in range(WORKERS):
        serve("solo", wait=False)
    living = HeldAttempts(engine.context).living
    wait_until(lambda: len(living()) == WORKERS, "all are there")
    # Each has run a step before it counts: the first takes longer.
    warm = engine.start("{ " + "inside:place(- seconds: 0.5 -) " * 2 * WORKERS + "}")
    assert ended(engine, warm) is WorkflowState.FINISHED
    before = Counter(ledger.read_text().split())
    many = "inside:place(- {seconds: 0.01, $bind: none} -) " * STEPS
    id = engine.start(f"inside:nothing → {{ {many} }}")
    assert ended(engine, id) is WorkflowState.FINISHED
    ran = Counter(ledger.read_text().split()) - before
    assert len(ran) == WORKERS
    assert ran.total() == STEPS
    assert max(ran.values()) <= MOST * STEPS / WORKERS, ran
