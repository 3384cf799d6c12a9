"""The same as ``test_crashes``, with more to do than fits into one batch, call or page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
import redis
from redis.exceptions import ConnectionError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.model.task_events import end_fields, kind_of, start_task
from littleflow_redis.events.event_codec import encode
from littleflow_redis.events.group import GroupReader
from littleflow_redis.events.script_batch import TOGETHER
from littleflow_redis.workers.lifecycle import LifecycleWorker
from littleflow_redis.workers.receipts import Receipts
from tests.faults import Died, Plan, every_fault, faulty_client
from tests.support import RedisServer, wait_until

from .test_crashes import CLAIM_IDLE, Mortal

#: Entries that the janitor reads at once here.
PAGE = 20


class Crowd:
    """Ends whatever is handed out, many tasks in one round trip, without taking them first."""

    def __init__(self, engine: Client) -> None:
        self._engine = engine
        self._reader = GroupReader(engine.redis, engine.keys.events, "crowd")
        self._reader.ensure()
        self.served: Counter[str] = Counter()

    def turn(self) -> int:
        entries = self._reader.read(1000)
        with self._engine.redis.pipeline(transaction=False) as pipe:
            for entry in entries:
                if kind_of(entry.fields) == "start-task":
                    task = start_task(entry.id, entry.fields)
                    self.served[task.name] += 1
                    end = encode(end_fields(task, output=task.input))
                    pipe.xadd(self._engine.keys.events, end)  # type: ignore[arg-type]
            pipe.execute()
        self._reader.ack([entry.id for entry in entries])
        return len(entries)


def drive(engine: Client, workflow: str, crowd: Crowd, turn: Callable[[], object]) -> None:
    def ended() -> bool:
        crowd.turn()
        turn()
        return engine.views.state(workflow).ended

    wait_until(ended, "it has ended")
    assert engine.state(workflow).state is WorkflowState.FINISHED


def test_a_worker_may_fail_at_any_call_of_a_wide_batch(
    client: redis.Redis, redis_server: RedisServer
) -> None:
    """An iteration whose ends fill several calls of one pipeline."""
    engine = Client(redis=client)
    items = list(range(2 * TOGETHER + 6))

    def scenario(plan: Plan) -> None:
        client.flushall()
        crowd = Crowd(engine)
        worker = Mortal(engine, Client(redis=faulty_client(redis_server, plan)))
        workflow = engine.start(f"* A(- $concurrency: {len(items)} -) → B", items)
        drive(engine, workflow, crowd, worker.turn)
        assert engine.state(workflow).output == items
        assert crowd.served == {"A": len(items), "B": 1}
        ends = Counter(entry.field for entry in engine.trace(workflow) if entry.what == "end")
        assert len(ends) == len(items) + 2
        assert set(ends.values()) == {1}
        assert client.hlen(engine.keys.open_attempts) == 0

    plans = list(every_fault(scenario))
    assert len(plans) > 30
    assert any(plan.wide for plan in plans)


def test_the_janitor_may_fail_at_any_call_of_many_pages(
    client: redis.Redis, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("littleflow_redis.workers.receipts.BATCH", PAGE)
    engine = Client(redis=client)
    items = list(range(2 * PAGE))

    def scenario(plan: Plan) -> None:
        client.flushall()
        crowd, worker = Crowd(engine), LifecycleWorker(engine, claim_idle=CLAIM_IDLE)
        worker.reader.ensure()
        workflow = engine.start(f"* A(- $concurrency: {len(items)} -) → B → C", items)
        while crowd.served["B"] == 0:
            crowd.turn()
            worker.turn()
        assert client.xlen(engine.keys.events) > 4 * PAGE
        receipts = Receipts(Client(redis=faulty_client(redis_server, plan)), show=lambda _: None)
        swept = False
        while not swept:
            try:
                swept = receipts.turn() == 0
            except ConnectionError:
                pass
            except Died:
                receipts = Receipts(engine, show=lambda _: None)
        # What is open has stayed, whatever failed.
        receipts = Receipts(engine, show=lambda _: None)
        drive(engine, workflow, crowd, worker.turn)
        assert crowd.served == {"A": len(items), "B": 1, "C": 1}
        wait_until(lambda: receipts.turn() + worker.turn() + crowd.turn() == 0, "all is read")
        assert client.xlen(engine.keys.events) == 0

    assert sum(1 for _ in every_fault(scenario)) > 15
