"""At every Redis call: die before it, die after it, lose its reply. Nothing is lost or doubled."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import pytest
import redis
from redis.exceptions import ConnectionError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.defaults import store_defaults
from littleflow_redis.engine.store.settings import read_settings
from littleflow_redis.workers.lifecycle import LifecycleWorker
from littleflow_redis.workers.receipts import Receipts
from tests.faults import Died, Plan, every_fault, faulty_client
from tests.support import LONG, RedisServer, wait_until

from .support import Player, drive

#: A fork, a join with a merge (fired by Python), a guard, an iteration, a delay, and a retry.
FLOW = """
    A → { B C D } → > E → ? `$[?(@.go=1)]` F → * G
      → wait:delay(- duration: 0 -) → H(- {$retry: {limit: 1, delay: 0}, $timeout: 60} -)
"""

#: Seconds; short, so that the work of the dead is soon found.
CLAIM_IDLE = 0.005


def play(task: StartTask) -> object:
    if task.name == "H":
        if task.token.startswith("1.1-"):
            raise RuntimeError("the first time, always")
        return task.input
    return [1, 2, 3] if task.name == "F" else {task.name: 1, "go": 1}


class Mortal:
    """A worker that is replaced when it dies and goes on when a reply is lost."""

    def __init__(self, engine: Client, faulty: Client) -> None:
        self._engine = engine
        self._worker = LifecycleWorker(faulty, claim_idle=CLAIM_IDLE)

    def turn(self) -> int:
        try:
            return self._worker.turn()
        except ConnectionError:
            return 1
        except Died:
            self._worker = LifecycleWorker(self._engine, claim_idle=CLAIM_IDLE)
            return 1


def check(engine: Client, workflow: str) -> None:
    view = engine.state(workflow)
    assert view.state is WorkflowState.FINISHED
    assert view.output == [{"G": 1, "go": 1}] * 3
    assert [step.activations for step in view.steps] == [1] * len(view.steps)
    ends = Counter(entry.field for entry in engine.trace(workflow) if entry.what == "end")
    assert set(ends.values()) == {1}
    assert engine.redis.hlen(engine.keys.open_attempts) == 0
    assert engine.redis.zcard(engine.keys.timers) == 0


def test_a_worker_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        client.flushall()
        player = Player(engine, play)
        faulty = Client(redis=faulty_client(redis_server, plan))
        workflow = engine.start(FLOW, {"x": 1})
        worker = Mortal(engine, faulty)
        drive(engine, workflow, player, worker)
        check(engine, workflow)

    assert sum(1 for _ in every_fault(scenario)) > 60


def test_a_start_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        client.flushall()
        player, worker = Player(engine, play), LifecycleWorker(engine, claim_idle=CLAIM_IDLE)
        faulty = Client(redis=faulty_client(redis_server, plan))
        try:
            workflow = faulty.start("<- {x: 1} -> → > A → B", workflow_id="once")
        except (Died, ConnectionError):
            # Whoever starts it again, with the same id, gets the same workflow.
            workflow = engine.start("<- {x: 1} -> → > A → B", workflow_id="once")
        drive(engine, workflow, player, worker)
        assert engine.wait(workflow, timeout=LONG) == {"B": 1, "go": 1}
        assert [task.name for task in player.played] == ["A", "B"]
        assert client.llen(engine.keys.all) == 1
        engine.delete(workflow)
        assert not client.keys("workflow:*")
        assert not client.keys("workflows:flow:*")

    assert sum(1 for _ in every_fault(scenario)) >= 3


def test_a_start_raises_for_no_lost_reply(client: redis.Redis, redis_server: RedisServer) -> None:
    """Who was told of an error by `start`, and called it again, had two workflows.

    Firing the first steps comes after the start itself, and its calls were not tried again.
    """

    def scenario(plan: Plan) -> None:
        client.flushall()
        faulty = Client(redis=faulty_client(redis_server, plan))
        with suppress(Died):
            faulty.start("<- {x: 1} -> → > A → B")
            assert client.llen(faulty.keys.all) == 1

    assert sum(1 for _ in every_fault(scenario)) >= 3


def test_the_janitor_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        client.flushall()
        player, worker = Player(engine, play), LifecycleWorker(engine, claim_idle=CLAIM_IDLE)
        receipts = Receipts(Client(redis=faulty_client(redis_server, plan)), show=lambda _: None)

        class Both:
            def turn(self) -> int:
                nonlocal receipts
                try:
                    receipts.turn()
                except ConnectionError:
                    pass
                except Died:
                    receipts = Receipts(engine, show=lambda _: None)
                return worker.turn()

        both = Both()
        workflow = engine.start(FLOW, {"x": 1})
        drive(engine, workflow, player, both)
        check(engine, workflow)
        wait_until(lambda: both.turn() + client.xlen(engine.keys.events) == 0, "all is swept")

    assert sum(1 for _ in every_fault(scenario)) > 30


def test_defaults_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    """A worker that dies while it stores them, or lives by them, leaves all or none of them."""
    engine = Client(redis=client)
    defaults = read_settings({"categories": {"math": {"retry": 1, "timeout": 60}}}, "here")

    def fail_once(task: StartTask) -> object:
        if task.token.startswith("1.1-"):
            raise RuntimeError("the first time, always")
        return {task.name: 1}

    def scenario(plan: Plan) -> None:
        client.flushall()
        faulty = faulty_client(redis_server, plan)
        try:
            store_defaults(faulty, engine.keys, defaults.categories)
        except (Died, ConnectionError):
            assert client.hlen(engine.keys.defaults) in (0, 1)
            store_defaults(client, engine.keys, defaults.categories)
        player = Player(engine, fail_once)
        workflow = engine.start("math:A → math:B")
        drive(engine, workflow, player, Mortal(engine, Client(redis=faulty)))
        assert engine.state(workflow).output == {"math:B": 1}
        assert [task.token.partition("-")[0] for task in player.played] == ["1.1", "1.2"] * 2
        assert client.zcard(engine.keys.timers) == 0

    assert sum(1 for _ in every_fault(scenario)) > 30


@pytest.mark.parametrize("copies", [1, 2])
def test_two_workers_share_the_work(client: redis.Redis, copies: int) -> None:
    engine = Client(redis=client)
    player = Player(engine, play)
    player.copies = copies
    workers = [LifecycleWorker(Client(redis=client), claim_idle=CLAIM_IDLE) for _ in range(2)]

    class Both:
        def turn(self) -> int:
            return sum(worker.turn() for worker in workers)

    workflow = engine.start(FLOW, {"x": 1})
    drive(engine, workflow, player, Both())
    check(engine, workflow)
