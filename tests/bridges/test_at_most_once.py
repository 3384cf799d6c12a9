"""Steps that must not run twice (`$on-lost: fail`), by the tasks of a Celery app and a bridge."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import redis
from celery import Celery
from kombu import pools

from littleflow_redis.bridges.bridge import Bridge
from littleflow_redis.bridges.broker.publish_once import Doubt, PublisherOnce
from littleflow_redis.bridges.calls.task_call import TaskCall
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.records import PublicationRecord, Record
from littleflow_redis.engine.model.script_results import Publication
from littleflow_redis.engine.model.states import PublicationState, StepState, WorkflowState
from littleflow_redis.engine.model.task_events import kind_of, start_task
from littleflow_redis.events.group import GroupReader
from littleflow_redis.events.shutdown import Stop
from littleflow_redis.events.streams import make_group
from tests.faults import Fault, Plan, every_fault
from tests.proxy import LossyProxy
from tests.support import RedisServer, wait_until

from .mortal import Mortal, drive
from .serving import LONG, bridge_of, in_flight, running

pytestmark = pytest.mark.usefixtures("shared_worker", "quick_watch")


def line() -> str:
    return uuid.uuid4().hex


def note(name: str) -> str:
    return f"math:note(- {{line: {name}, $on-lost: fail, $retry: 3, $bind: none}} -)"


def written(ledger: Path) -> Counter[str]:
    return Counter(ledger.read_text().split())


def test_a_bridge_may_fail_at_any_call(
    client: redis.Redis, redis_server: RedisServer, app: Celery, ledger: Path
) -> None:
    """A lost reply costs nothing; after a death each has run at most once, or fails and says so."""
    engine = Client(redis=client)
    make = partial(bridge_of, app=app)

    def scenario(plan: Plan) -> None:
        a, b, c = line(), line(), line()
        flow = f"{{ {note(a)} {note(b)} }} → {note(c)}"
        workflow = drive(engine, flow, Mortal.of(plan, redis_server, make))
        view, seen = engine.state(workflow), written(ledger)
        counts = [seen[one] for one in (a, b, c)]
        assert max(counts) <= 1, counts
        if plan.fault in (None, Fault.LOSE_REPLY):
            assert view.state is WorkflowState.FINISHED, view.reason
            assert counts == [1, 1, 1]
        else:
            assert view.state is WorkflowState.FINISHED or "forbids" in view.reason, view

    plans = list(every_fault(scenario))
    assert sum(plan.fault is Fault.DIE_AFTER for plan in plans) > 10


def test_what_a_dead_bridge_had_recorded_is_not_sent(
    engine: Client, app: Celery, ledger: Path
) -> None:
    """It may have sent it, and died before it could note that."""
    name = line()
    workflow = engine.start(note(name))
    dead = GroupReader(engine.redis, engine.keys.events, "bridge:math")
    dead.ensure()
    (entry,) = (e for e in dead.read(10) if kind_of(e.fields) == "start-task")
    task, sent = start_task(entry.id, entry.fields), Publication("math", "some-id")
    claim = engine.transitions.claim_attempt(task, dead.group, dead.consumer, sent)
    engine.transitions.run([claim])
    with running(bridge_of(engine, app, claim_idle=0.05, sweep=0.05)):
        wait_until(lambda: engine.state(workflow).state.ended, "it fails")
        assert engine.state(workflow).state is WorkflowState.FAILED
        assert "may have run" in engine.state(workflow).reason
        # A person has looked, and lets it run again.
        engine.restart(workflow)
        assert engine.wait(workflow, timeout=LONG) == name
    assert written(ledger)[name] == 1


@pytest.fixture
def lossy(redis_server: RedisServer, app: Celery) -> Iterator[LossyProxy]:
    """The way of the bridge to its broker; the worker goes another."""
    with LossyProxy(redis_server.port) as proxy:
        direct = app.conf.broker_url
        app.conf.broker_url = f"redis://127.0.0.1:{proxy.port}/1"
        yield proxy
        app.conf.broker_url = direct
        app.pool.force_close_all()
        pools.reset()


@pytest.mark.parametrize("steps", [1, 3])
def test_a_broker_that_does_not_answer_is_not_sent_it_again(
    engine: Client, app: Celery, lossy: LossyProxy, redis_server: RedisServer, steps: int
) -> None:
    """The message may have got there, and here it has."""
    with redis.Redis(host=redis_server.host, port=redis_server.port, db=1) as broker:
        # The queue's length is the reply to what is sent, and no other reply is that number.
        broker.rpush("quiet", *["{}"] * MANY)
        lossy.lose(f":{MANY + 1}\r\n".encode())
        with running(bridge_of(engine, app)):
            workflow = engine.start("{ " + QUIET * steps + " }")
            wait_until(lambda: engine.state(workflow).state.ended, "it fails", LONG)
            wait_until(lambda: not in_flight(engine), "nothing is in flight")
        assert lossy.lost == 1
        assert broker.llen("quiet") == MANY + steps
        broker.delete("quiet")
    view = engine.state(workflow)
    assert {step.state for step in view.steps[2 : 2 + steps]} == {StepState.FAILED}
    assert "plain.add may have been sent: " in view.reason
    assert "$on-lost: fail forbids" in view.reason


def test_what_it_could_not_note_as_sent_is_not_sent_again(
    engine: Client, app: Celery, redis_server: RedisServer
) -> None:
    """Its name is the same after an error of Redis, and so are its publications."""
    workflow = engine.start(QUIET)
    # Nothing but the start-task is to be read: what is none of its own is acknowledged, too.
    rows = engine.redis.xrange(engine.keys.events)
    at = next(place for place, (_, fields) in enumerate(rows) if kind_of(fields) == "start-task")
    make_group(engine.redis, engine.keys.events, "bridge:math")
    engine.redis.xgroup_setid(engine.keys.events, "bridge:math", rows[at - 1][0] if at else "0")
    engine.redis.execute_command("ACL SETUSER clerk on nopass ~* &* +@all -xack")
    url = redis_server.url.replace("redis://", "redis://clerk:any@")
    bridge = bridge_of(Client(url), app)
    with redis.Redis(host=redis_server.host, port=redis_server.port, db=1) as broker:
        try:
            with bridge.parts(Stop()) as parts, pytest.raises(redis.ResponseError):
                parts[0].turn(0.0)
            assert broker.llen("quiet") == 1
            engine.redis.execute_command("ACL SETUSER clerk +xack")
            with bridge.parts(Stop()) as parts:
                parts[0].turn(0.0)
                pending = engine.redis.xpending(engine.keys.events, "bridge:math")
                assert not pending["pending"]
        finally:
            engine.redis.execute_command("ACL DELUSER clerk")
        assert broker.llen("quiet") == 1
        broker.delete("quiet")
    (packed,) = engine.redis.hvals(engine.keys.publications + "math")
    assert Record(packed)[PublicationRecord.STATE] == PublicationState.PUBLISHED
    assert engine.state(workflow).state is WorkflowState.RUNNING


#: Messages in a queue.
MANY = 54_321

#: A step whose queue nobody consumes.
QUIET = "math:add(- {x: 1, y: 2, $on-lost: fail, $retry: 3, $celery: {queue: quiet}} -) "


def test_a_broker_that_is_away_is_waited_for(
    engine: Client,
    app: Celery,
    own_server: Callable[..., RedisServer],
    ledger: Path,
) -> None:
    """Nothing is recorded meanwhile, so others may have it at once."""
    name = line()
    broker, direct = own_server(start=False), app.conf.broker_url
    app.conf.broker_url = broker.url
    with running(bridge_of(engine, app)) as first:
        workflow = engine.start(note(name))
        wait_until(lambda: waits(engine, first), "its bridge has it and waits")
        assert not in_flight(engine)
    app.pool.force_close_all()
    pools.reset()
    app.conf.broker_url = direct
    with running(bridge_of(engine, app, claim_idle=1000.0)):
        assert engine.wait(workflow, timeout=LONG) == name
    assert written(ledger)[name] == 1


def waits(engine: Client, bridge: Bridge) -> bool:
    try:
        rows = engine.redis.xpending_range(engine.keys.events, "bridge:math", "-", "+", 9)
    except redis.ResponseError:
        return False  # It has not begun.
    return bridge.context.consumer.encode() in [row["consumer"] for row in rows]


def quiet() -> None:
    """Is only sent."""


def test_a_class_that_sends_and_then_raises_has_sent(app: Celery) -> None:
    """celery-once and its like have an `apply_async` of their own."""

    class Late(app.Task):  # type: ignore[misc, name-defined]
        def apply_async(self, *args: object, **options: object) -> object:
            super().apply_async(*args, **options)
            raise RuntimeError("after it was sent")

    class Early(app.Task):  # type: ignore[misc, name-defined]
        def apply_async(self, *args: object, **options: object) -> object:
            raise RuntimeError("before it was sent")

    publisher = PublisherOnce(app)
    for base in (Late, Early):
        app.task(name=f"plain.{base.__name__}", base=base, shared=False)(quiet)
    with publisher.connected() as producer:
        calls = [TaskCall("one", "plain.Late"), TaskCall("two", "plain.Early")]
        groups = list(publisher.groups(calls, producer))
        assert groups == [[calls[0]], [calls[1]]]
        (late,), (early,) = (publisher.publish(group, producer) for group in groups)
    assert isinstance(late, Doubt)
    assert late.final
    assert not isinstance(early, Doubt)
    app.control.purge()
