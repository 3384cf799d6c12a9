"""Bridges and brokers that die around an apply_async that holds locks."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import redis
from celery import Celery, signals

from littleflow_redis.bridges.bridge import Bridge
from littleflow_redis.bridges.broker import references, settle
from littleflow_redis.bridges.broker.publish import BrokerUnreachable, Publisher
from littleflow_redis.bridges.calls.task_call import TaskCall
from littleflow_redis.bridges.calls.task_ids import celery_id
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.records import PublicationRecord, Record
from littleflow_redis.engine.model.script_results import Publication as EngineFlight
from littleflow_redis.engine.model.states import Outcome, WorkflowState
from littleflow_redis.engine.model.task_events import kind_of, start_task
from littleflow_redis.events.group import GroupReader
from tests.bridges.mortal import Mortal, drive
from tests.bridges.serving import bridge_of, check_once, running
from tests.faults import Plan, every_fault
from tests.support import RedisServer, wait_until

from .scenes import REFUSING, outcome, ran

pytestmark = pytest.mark.usefixtures("worker", "quick_watch")


def sent_by_one_that_died(engine: Client, app: Celery, step: str, *, sent: bool) -> str:
    """A workflow whose step a bridge took, and ``sent``, before it died."""
    workflow = engine.start(step)
    reader = GroupReader(engine.redis, engine.keys.events, "bridge:s")
    reader.ensure()
    [task] = [
        start_task(entry.id, entry.fields)
        for entry in wait_until(lambda: reader.read(10), "it is handed out")
        if kind_of(entry.fields) == "start-task"
    ]
    id = celery_id("s", workflow, task.index, task.token)
    take = engine.transitions.claim_attempt(task, reader.group, "the dead", EngineFlight("s", id))
    assert cast("Any", engine.transitions.run([take])[0]).outcome is Outcome.APPLIED
    name = f"single.{task.base.partition(':')[2].replace('-', '_')}"
    if sent:
        Publisher(app).publish([TaskCall(id, name, [], dict(task.parameters))])
    return workflow


@pytest.mark.parametrize("task", ["singleton", "heimdall", *REFUSING])
def test_what_a_dead_bridge_has_sent_is_not_refused(
    engine: Client, app: Celery, gate: Path, task: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own message stands in the way of the second: the step failed, and its task ran on."""
    step = f"s:{task}(- gate: '{gate}' -)"
    workflow = sent_by_one_that_died(engine, app, step, sent=True)
    wait_until(lambda: ran(gate) == 1, "it runs")
    with running(bridge_of(engine, app, "s", sweep=0.3, claim_idle=0.2)):
        if "once" in task:
            # Nobody says whose the lock is.
            wait_until(lambda: "event=sent-before" in caplog.text, "it was refused")
        else:
            id = engine.attempts(workflow)[0].celery_id
            flight = lambda: Record(engine.redis.hget(engine.keys.publications + "s", id))  # noqa: E731
            wait_until(
                lambda: flight()[PublicationRecord.STATE] == "published", "it is known as sent"
            )
        assert engine.state(workflow).state is WorkflowState.RUNNING
        gate.touch()
        assert outcome(engine, workflow) == "done "
    check_once(engine, workflow)
    # Celery stores a result before it lets go of the lock: between the two it may be sent again.
    assert ran(gate) == 1 or "once" in task


@pytest.mark.parametrize("task", ["once", "graceful-once"])
def test_what_a_dead_bridge_has_not_sent_is_sent_when_the_lock_is_free(
    engine: Client, app: Celery, gate: Path, task: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = f"single.{task.replace('-', '_')}"
    app.tasks[name].delay(gate=str(gate))
    wait_until(lambda: ran(gate) == 1, "somebody else's runs")
    step = f"s:{task}(- gate: '{gate}' -)"
    workflow = sent_by_one_that_died(engine, app, step, sent=False)
    with running(bridge_of(engine, app, "s", sweep=0.3, claim_idle=0.2)):
        wait_until(lambda: "event=sent-before" in caplog.text, "it was refused")
        gate.touch()
        assert outcome(engine, workflow) == "done "
    assert ran(gate) == 2


def test_a_doubt_is_not_for_ever(
    engine: Client, app: Celery, gate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "DOUBT", -1.0)
    app.tasks["single.once"].delay(gate=str(gate))
    wait_until(lambda: ran(gate) == 1, "somebody else's runs")
    workflow = sent_by_one_that_died(engine, app, f"s:once(- gate: '{gate}' -)", sent=False)
    with running(bridge_of(engine, app, "s", sweep=0.3, claim_idle=0.2)):
        assert "AlreadyQueued" in outcome(engine, workflow)
    gate.touch()


def bridge_for(app: Celery) -> Callable[..., Bridge]:
    return lambda client, **options: bridge_of(client, app, "s", **options)


@pytest.mark.parametrize("task", ["singleton", *REFUSING])
def test_a_bridge_may_fail_at_any_call(
    client: redis.Redis, redis_server: RedisServer, app: Celery, gate: Path, task: str
) -> None:
    """What the dead one had sent holds the lock of its class: its successor is refused, or given
    the very id that it asks for. That is no rejection, and nothing waits for ever.
    """
    engine = Client(redis=client)
    gate.touch()

    def scenario(plan: Plan) -> None:
        line = uuid.uuid4().hex
        mortal = Mortal.of(plan, redis_server, bridge_for(app))
        workflow = drive(engine, f"s:{task}(- {{gate: '{gate}', line: {line}}} -)", mortal)
        check_once(engine, workflow)
        assert engine.state(workflow).output == f"done {line}"
        # As above: of these nobody says whose the lock is.
        assert Path(f"{gate}.ran").read_text().count(line) == 1 or "once" in task

    assert sum(1 for _ in every_fault(scenario)) > 12


def test_a_bridge_that_follows_may_fail_at_any_call(
    client: redis.Redis,
    redis_server: RedisServer,
    app: Celery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Client(redis=client)
    monkeypatch.setattr(references, "LOOK_EVERY", 0.02)

    def open_gate(gate: Path) -> None:
        flights = partial(client.hvals, engine.keys.publications + "s")
        follows = lambda: any(Record(one)[PublicationRecord.FOLLOWS] for one in flights())  # noqa: E731
        wait_until(follows, "the flight says what it follows")
        gate.touch()

    def scenario(plan: Plan) -> None:
        gate = tmp_path / uuid.uuid4().hex
        sent = app.tasks["single.singleton"].delay(gate=str(gate))
        mortal = Mortal.of(plan, redis_server, bridge_for(app))
        wait_until(lambda: ran(gate) == 1, "it runs")
        with ThreadPoolExecutor(1) as threads:
            opened = threads.submit(open_gate, gate)
            workflow = drive(engine, f"s:singleton(- gate: '{gate}' -)", mortal)
            opened.result()
        check_once(engine, workflow)
        assert engine.state(workflow).output == "done "
        assert ran(gate) == 1
        sent.forget()

    assert sum(1 for _ in every_fault(scenario)) > 12


@pytest.mark.parametrize("beside", [(), (TaskCall("other", "single.doubled", [1]),)])
def test_a_broker_that_dies_leaves_no_lock(
    app: Celery,
    own_server: Callable[..., RedisServer],
    beside: tuple[TaskCall, ...],
    gate: Path,
) -> None:
    """In a batch the message would be sent after the class had its lock: the second time, it would
    answer with the task that was never sent.
    """
    server = own_server()
    app.conf.broker_url = server.url
    call = TaskCall("one", "single.singleton", [], {"gate": str(gate)})

    def kill(**_: Any) -> None:
        server.kill()

    signals.before_task_publish.connect(kill, sender=call.task)
    try:
        with pytest.raises(BrokerUnreachable):
            Publisher(app).publish([*beside, call])
    finally:
        signals.before_task_publish.disconnect(kill, sender=call.task)
    server.start()
    assert Publisher(app).publish([call]) == []
    with server.client() as broker:
        assert broker.llen("celery") >= 1
        assert any(b'"id": "one"' in message for message in broker.lrange("celery", 0, -1))
