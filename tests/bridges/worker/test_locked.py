"""Tasks whose class locks when it sends: a worker sends through it, and the lock is given back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from tests.support import RedisServer, wait_until

from .conftest import Serve, broker_url
from .test_exits import ended, output

#: The tasks, and why they are refused.
TASKS = {"lock": "locked.AlreadyQueued", "once": "celery_once.tasks.AlreadyQueued"}

#: The options of a step that waits for its turn.
PATIENT = "(- $retry: {limit: 500, delay: 0.2, on: [AlreadyQueued]} -)"


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_lock_is_held_from_sending_to_the_end(
    engine: Client,
    serve: Serve,
    pool: str,
    ledger: Path,
    say: Callable[[str], None],
    redis_server: RedisServer,
) -> None:
    # Two run at once, and there has to be room for those that are refused.
    serve(pool, "--concurrency", "4", app="locked")

    def locks() -> list[object]:
        with redis.Redis.from_url(broker_url(redis_server)) as broker:
            return [*broker.scan_iter("lock-*"), *broker.scan_iter("qo_*")]

    def begins(line: str) -> None:
        wanted = {f"locked.{task}-{line}" for task in TASKS}
        wait_until(lambda: wanted <= {*ledger.read_text().split()}, f"{line} begins")

    def finishes(id: str, line: str) -> None:
        assert ended(engine, id) is WorkflowState.FINISHED, engine.state(id).reason
        assert output(engine, id) == line

    first = [engine.start(f"locked:{task}", "a") for task in TASKS]
    begins("a")
    for task, error in TASKS.items():
        refused = engine.start(f"locked:{task}", "a")
        assert ended(engine, refused) is WorkflowState.FAILED
        reason = f"{error}: the Celery task locked.{task} could not be sent: {error}"
        assert engine.state(refused).reason.startswith(reason)
    patient = [engine.start(f"locked:{task}{PATIENT}", "a") for task in TASKS]
    for id in patient:
        wait_until(lambda id=id: engine.state(id).steps[1].state == "retrying", "it is refused")
    say("go-a")
    for id in (*first, *patient):
        finishes(id, "a")
    bad = [engine.start(f"locked:{task}", "bad") for task in TASKS]
    again = [engine.start(f"locked:{task}", "again") for task in TASKS]
    say("go-bad")
    say("go-again")
    for id in again:
        finishes(id, "again")
    for id in bad:
        assert ended(engine, id) is WorkflowState.FAILED
        assert engine.state(id).reason == "ValueError: bad"
    wait_until(lambda: not locks(), "each lock was given back")


def test_a_worker_that_dies_when_it_has_sent(
    engine: Client, serve: Serve, say: Callable[[str], None], ledger: Path
) -> None:
    """The lock of the message that was sent refused the second one, and the step failed."""
    say("go-fall")
    workers = [serve("threads", app="locked", LIFETIME="1") for _ in range(2)]
    id = engine.start("locked:lock", "fall")
    assert ended(engine, id) is WorkflowState.FINISHED, engine.state(id).reason
    assert ledger.read_text().split().count("locked.lock-fall") == 1, "it ran once"
    assert [worker.process.poll() for worker in workers].count(None) == 1, "one has died"
