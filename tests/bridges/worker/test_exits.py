"""Every way in which a task can be over ends its step, on each pool."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from celery.app.control import Control

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.celery_ids import task_uuid
from littleflow_redis.engine.model.states import WorkflowState
from tests.support import wait_until

from .conftest import POOLS, Serve

#: What a flow puts out.
VALUES: list[tuple[str, Any, Any]] = [
    ("inside:add → inside:add(- y: 10 -)", 3, 14),
    ("{ inside:add inside:add(- y: 5 -) } → inside:nothing", 1, None),
    ("inside:persist", 7, [7, 2]),
    ("inside:again", "once", "once"),
    ("inside:sending", 1, "itself"),
    ("inside:refuse(- $on-failure: continue -)", 1, {"error": {"type": "inside.Refused"}}),
]

#: How a flow fails: the start of its reason.
FAILURES: list[tuple[str, Any, str]] = [
    ("inside:refuse", 1, "inside.Refused: (1, 'no')"),
    ("inside:refuse(- $retry: {limit: 1, delay: 0.05, on: [ValueError]} -)", 1, "inside.Refused"),
    ("inside:ignore", 1, "celery.exceptions.Ignore: the task raised Ignore"),
    ("inside:reject", 1, "celery.exceptions.Reject: "),
    ("inside:unencodable", {}, "UnusableResult: inside.unencodable returned what cannot be stored"),
    ("inside:leave", 1, ""),
    (
        "inside:sending(- $bind: none -)",
        1,
        "inside.Refused: the Celery task inside.sending",
    ),
    ("inside:large", 1_100_000, "UnusableResult: inside.large returned what cannot be stored"),
    (
        "inside:replaced",
        "sent",
        "NoResults: inside.replaced was replaced by another task, so a result",
    ),
    ("inside:returned", 1, "NoResults: inside.returned returned the result of other tasks, so a"),
    ("inside:instead", 1, "NoResults: its apply_async answered with another task, so a result"),
    ("inside:missing", 1, "Misfit: no Celery task serves 'inside:missing'"),
    ("inside:add(- z: 1 -)", 1, "Misfit: "),
]


def ended(engine: Client, id: str) -> WorkflowState:
    wait_until(lambda: engine.state(id).state.ended, f"{engine.source(id)} ends")
    return engine.state(id).state


def output(engine: Client, id: str) -> Any:
    text: Any = engine.redis.get(f"{id}:output:{len(engine.state(id).steps) - 1}")
    return json.loads(text)


def contains(value: Any, part: Any) -> bool:
    """Whether objects have what is expected of them; all else is equal."""
    if isinstance(part, dict) and isinstance(value, dict):
        return all(contains(value.get(key), inner) for key, inner in part.items())
    return bool(value == part)


@pytest.mark.parametrize("pool", POOLS)
def test_all_exits(engine: Client, serve: Serve, ledger: Path, pool: str) -> None:
    worker = serve(pool)
    values = [(engine.start(text, given), text, wanted) for text, given, wanted in VALUES]
    failures = [(engine.start(text, given), text, wanted) for text, given, wanted in FAILURES]
    for id, text, wanted in values:
        assert ended(engine, id) is WorkflowState.FINISHED, (text, engine.state(id).reason)
        assert contains(output(engine, id), wanted), text
    for id, text, reason in failures:
        assert ended(engine, id) is WorkflowState.FAILED, text
        assert engine.state(id).reason.startswith(reason), text
        assert "NoResults" not in reason or "set result_backend" in engine.state(id).reason
    assert not engine.redis.hlen(engine.keys.publications + "inside"), "nothing is held"
    assert "sent" not in ledger.read_text(), "nothing is sent whose end nobody could learn"
    assert "Traceback" not in worker.output.replace("raised unexpected", "").partition("event=")[0]


@pytest.mark.parametrize("pool", POOLS)
def test_what_a_task_sees_of_itself(engine: Client, serve: Serve, pool: str) -> None:
    serve(pool)
    id = engine.start("inside:about")
    assert ended(engine, id) is WorkflowState.FINISHED
    seen = output(engine, id)
    token = seen["attempt"]["token"]
    assert seen == {
        "id": task_uuid(id, 1, token),
        "queue": "celery",
        "attempt": {"workflow": id, "index": 1, "token": token},
        "tenant": "blue",
        "retries": 0,
    }


def test_limits_and_lost_children(engine: Client, serve: Serve) -> None:
    serve("prefork")
    ids = {
        "celery.exceptions.SoftTimeLimitExceeded": engine.start("inside:soft"),
        "billiard.exceptions.TimeLimitExceeded": engine.start("inside:hard"),
        "billiard.exceptions.WorkerLostError": engine.start("inside:die"),
    }
    after = engine.start("inside:add", 1)
    for kind, id in ids.items():
        assert ended(engine, id) is WorkflowState.FAILED
        name = kind.rpartition(".")[2]
        assert name in engine.state(id).reason, engine.state(id).reason
    assert ended(engine, after) is WorkflowState.FINISHED


def test_each_queue_is_served_by_who_consumes_it(engine: Client, serve: Serve) -> None:
    serve("solo", "-Q", "celery")
    id = engine.start("inside:add → inside:apart → inside:add(- {x: 1, $bind: none} -)", 1)
    wait_until(lambda: engine.state(id).steps[2].state == "queued", "the other queue has it")
    serve("threads", "-Q", "apart")
    assert ended(engine, id) is WorkflowState.FINISHED, engine.state(id).reason


@pytest.mark.parametrize("pool", POOLS)
def test_timers_and_waits_need_no_other_process(engine: Client, serve: Serve, pool: str) -> None:
    serve(pool)
    delayed = engine.start("wait:delay(- duration: 0.2 -) → inside:nothing")
    waits = engine.start("wait:event(- event: go -) → inside:nothing")
    assert ended(engine, delayed) is WorkflowState.FINISHED, engine.state(delayed).reason
    engine.send_event("go", {})
    assert ended(engine, waits) is WorkflowState.FINISHED, engine.state(waits).reason


def test_a_task_that_is_revoked(
    engine: Client, serve: Serve, ledger: Path, control: Control
) -> None:
    serve("prefork")
    id = engine.start("inside:hold(- seconds: 60 -)", "long")
    wait_until(lambda: "long" in ledger.read_text(), "it computes")
    (task,) = engine.redis.hkeys(engine.keys.publications + "inside")
    control.revoke(task.decode(), terminate=True, signal="SIGKILL")
    assert ended(engine, id) is WorkflowState.FAILED
    assert "TaskRevokedError" in engine.state(id).reason
