"""`wait:event` when workers die, race and come twice: everybody gets every event exactly once."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
import redis
from redis.exceptions import ConnectionError, ResponseError

from littleflow_redis.engine.client import Client
from littleflow_redis.workers.dead_lettering import MAX_DELIVERIES
from littleflow_redis.workers.lifecycle import LifecycleWorker
from littleflow_redis.workers.receipts import Receipts
from tests.faults import Died, Plan, every_fault, faulty_client
from tests.support import LONG, RedisServer, wait_until

from .event_scene import KEEP, MATCH, NOTHING, WAIT, Scene, private_keys
from .support import Player
from .test_crashes import CLAIM_IDLE, Mortal

#: Waits that an event ends before and after they began, alone and side by side, and one in a loop.
FLOWS = (f"{MATCH} → A", f"{{ {MATCH} {MATCH} }} → {WAIT} → A", f"{KEEP} → A → :start")


def start_all(engine: Client) -> list[str]:
    return [engine.start(text, {"order": 5}) for text in FLOWS]


def check(engine: Client, workflows: list[str], player: Player) -> None:
    """What holds when both events came one after another, while everybody waited."""
    once, twice, loop = workflows
    assert engine.wait(once, timeout=LONG) == {"A": [2, {"order": 5, "n": 1}]}
    assert engine.wait(twice, timeout=LONG) == {"A": [6, {"n": 2}]}
    played = [task.input for task in player.played if task.workflow == loop]
    assert [got["n"] for got in played] == [1, 2]
    assert check_shares(engine, workflows) == 2
    assert private_keys(engine) == NOTHING


def check_shares(engine: Client, workflows: list[str]) -> int:
    """No step was given an event twice, nor is one receipted twice; return how many are."""
    for workflow in workflows:
        ends = [(e.field, e.detail) for e in engine.trace(workflow) if "event" in e.detail]
        assert len(ends) == len(set(ends))
    for workflow in workflows:
        engine.terminate(workflow)
    assert engine.redis.zcard(engine.keys.waiters) == 0
    entries: Any = engine.redis.xrange(engine.keys.events)
    receipts = Counter(f[b"for"] for _, f in entries if f[b"kind"] == b'"receipt"')
    assert set(receipts.values()) == {1}
    return len(receipts)


@pytest.mark.parametrize("late", [False, True])
def test_a_worker_may_fail_at_any_call(
    client: redis.Redis, redis_server: RedisServer, late: bool
) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        client.flushall()
        player = Player(engine)
        worker = Mortal(engine, Client(redis=faulty_client(redis_server, plan)))

        def quiet() -> bool:
            while worker.turn() + player.turn():
                pass
            groups = client.xinfo_groups(engine.keys.events)
            return all(group["pending"] == 0 for group in groups)

        workflows = [] if late else start_all(engine)
        for n in (1, 2):
            if not late:
                wait_until(quiet, "everybody waits")
            engine.send_event("approved", {"order": 5, "output": {"n": n}})
        workflows = workflows or start_all(engine)
        wait_until(quiet, "nothing is left to do")
        if late:
            assert check_shares(engine, workflows) == 2
        else:
            check(engine, workflows, player)

    assert sum(1 for _ in every_fault(scenario)) > 90


@pytest.mark.parametrize("copies", [1, 2])
def test_two_workers_share_the_events(client: redis.Redis, copies: int) -> None:
    engine = Client(redis=client)
    player = Player(engine)
    workers = [LifecycleWorker(Client(redis=client), claim_idle=CLAIM_IDLE) for _ in range(2)]
    workflows = start_all(engine)
    for n in (1, 2):
        while sum(worker.turn() for worker in workers) + player.turn():
            pass
        for _ in range(copies):
            engine.send_event("approved", {"order": 5, "output": {"n": n}})
    while sum(worker.turn() for worker in workers) + player.turn():
        pass
    if copies == 1:
        check(engine, workflows, player)
    else:
        check_shares(engine, workflows)


def test_the_janitor_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        client.flushall()
        scene = Scene(engine)
        faulty = Client(redis=faulty_client(redis_server, plan))
        receipts = Receipts(faulty, event_retention=-1.0, grace=-1.0, show=lambda _: None)
        workflow = scene.start(WAIT)
        scene.send(output=1)
        scene.send(output=2)

        def swept() -> bool:
            nonlocal receipts
            try:
                receipts.turn()
            except (ConnectionError, Died):
                receipts = Receipts(engine, event_retention=-1.0, grace=-1.0, show=lambda _: None)
            return not scene.worker.turn() and client.xlen(engine.keys.events) == 0

        wait_until(swept, "all is swept")
        assert scene.output(workflow) == 1
        assert private_keys(engine) == NOTHING

    assert sum(1 for _ in every_fault(scenario)) > 3


@pytest.mark.parametrize("handed_out", [False, True])
def test_an_event_outlives_a_redis_without_memory(
    own_server: type[RedisServer], handed_out: bool
) -> None:
    """A few seconds without memory lost the event, and who waited for it hung for ever.

    Its script raised at each delivery, and after the fifth it was acknowledged as if the fault were
    its own: that needs no memory. ``handed_out``: it lies in the mailbox, and is to be delivered.
    """
    with own_server().client() as client:
        engine = Client(redis=client)
        scene = Scene(engine)
        workflow = scene.start(WAIT, workflow_id="w")

        def delivered(times: int) -> bool:
            with suppress(ResponseError):
                scene.worker.turn()
            (row,) = client.xpending_range(engine.keys.events, "ending", "-", "+", 10)
            return int(row["times_delivered"]) >= times

        engine.send_event("approved", {"output": 1})
        if handed_out:
            # An operator's mistake keeps it from being delivered at first.
            client.rename("workflow:w:steps", "aside")
            client.set("workflow:w:steps", "wrong type")
            wait_until(lambda: delivered(1), "it lies in the mailbox")
            client.rename("aside", "workflow:w:steps")
        client.config_set("maxmemory", 1)
        wait_until(lambda: delivered(2 * MAX_DELIVERIES), "it was tried often")
        client.config_set("maxmemory", 0)
        wait_until(lambda: scene.worker.turn() == 0 and scene.ended(workflow), "it is delivered")
        assert scene.output(workflow) == 1
