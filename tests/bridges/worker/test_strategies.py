"""A strategy of a task's own decides what becomes of its steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from tests.support import RedisServer, wait_until

from .conftest import Serve, broker_url
from .test_exits import ended, output

#: What a flow puts out.
VALUES: list[tuple[str, Any, Any]] = [
    ("strategic:add → strategic:add", 5, 7),
    ("strategic:persist", "kept", 1),
    ("strategic:wait", "late", "late"),
    ("strategic:insist", "twice", "twice"),
]

DROPPED = "acknowledged its message and did not bring it to the pool: if it runs tasks in a way of"

#: How a flow fails: a part of its reason.
FAILURES: list[tuple[str, str]] = [
    ("strategic:refuse", "ValueError: no"),
    ("strategic:drop", f"celery.exceptions.Ignore: the strategy strategic:drop {DROPPED}"),
    ("strategic:drop_later", "Reject: the strategy strategic:drop_later rejected its message"),
    ("strategic:broken", "LookupError: no such lane"),
    ("{ strategic:batch strategic:batch }", f"Ignore: the strategy strategic:batch {DROPPED}"),
]


@pytest.mark.parametrize("pool", ["solo", "threads", "prefork"])
def test_a_strategy_decides(
    engine: Client, serve: Serve, pool: str, ledger: Path, redis_server: RedisServer
) -> None:
    serve(pool, app="strategic")
    failures = {"strategic:die": "WorkerLostError"} if pool == "prefork" else {}
    fail = [(engine.start(text, "no"), reason) for text, reason in [*FAILURES, *failures.items()]]
    values = [(engine.start(text, given), wanted) for text, given, wanted in VALUES]
    for id, wanted in values:
        assert ended(engine, id) is WorkflowState.FINISHED, engine.state(id).reason
        assert output(engine, id) == wanted
    for id, reason in fail:
        assert ended(engine, id) is WorkflowState.FAILED, engine.source(id)
        assert reason in engine.state(id).reason
    assert not engine.redis.hlen(engine.keys.publications + "strategic"), "nothing is held"
    lines = ledger.read_text().split()
    for line in ("5-0", "6-0", "kept-0", "kept-1", "no-0"):
        assert line in lines, "the strategy has seen each message"
    with Celery(broker=broker_url(redis_server), set_as_current=False) as app:
        app.send_task("strategic.add", [9])
    wait_until(lambda: "9-0" in ledger.read_text(), "it is asked for the app's own tasks, too")
