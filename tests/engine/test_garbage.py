"""Whatever lies in the stream, the worker goes on; what it cannot use is kept as a dead letter."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import wait_until

from .support import Player, drive, hurry

GARBAGE: dict[str, dict[Any, Any]] = {
    "no workflow": {"kind": '"end-task"', "index": "1"},
    "bad JSON": {"kind": '"end-task"', "workflow": '"workflow:w', "index": "1"},
    "not UTF-8": {"kind": '"end-task"', "workflow": b'"\xff\xfe"', "index": "1"},
    "half a character": {
        "kind": '"end-task"', "workflow": '"workflow:w"', "index": "1", "token": r'"\ud800"',
    },
    "an impossible id": {"kind": '"end-task"', "workflow": '"workflow:a b"', "index": "1"},
    "a key that is no workflow": {
        "kind": '"end-task"', "workflow": '"workflow:text"', "index": "1",
    },
    "index out of range": {"kind": '"end-task"', "workflow": '"workflow:w"', "index": "99"},
    "index of the start": {"kind": '"end-task"', "workflow": '"workflow:w"', "index": "0"},
    "negative index": {"kind": '"end-task"', "workflow": '"workflow:w"', "index": "-1"},
    "index as text": {"kind": '"end-task"', "workflow": '"workflow:w"', "index": '"1"'},
    "index of 400 digits": {
        "kind": '"end-task"', "workflow": '"workflow:w"', "index": "1" + "0" * 400,
    },
    "a field of 10 MB": {
        "kind": '"end-task"', "workflow": '"workflow:w"', "index": "99", "x": b"x" * 10_000_000,
    },
    "a start-task without a name": {"kind": '"start-task"', "workflow": '"workflow:w"'},
    "options that are none": {
        "kind": '"start-task"', "workflow": '"workflow:w"', "index": "1", "name": '"wait:x"',
        "options": "[]",
    },
}  # fmt: skip

HARMLESS: dict[str, dict[Any, Any]] = {
    "no kind": {"a": "1"},
    "a kind that is no text": {"kind": "[1]"},
    "a kind that is no JSON": {"kind": "{"},
    "another kind": {"kind": '"something"', "data": "}{"},
    "not UTF-8 anywhere": {b"\xff": b"\xfe"},
    "a number beyond a float": {"kind": '"approved"', "x": "1e400"},
    "a number of 5,000 digits": {"kind": '"approved"', "x": "1" * 5000},
    "600 levels": {"kind": '"approved"', "x": "[" * 600 + "]" * 600},
    "100,000 levels": {"kind": '"approved"', "x": "[" * 100_000},
    "a receipt for an id beyond 64 bits": {
        "kind": '"receipt"', "for": '"99999999999999999999-0"', "action": '"x"',
    },
}  # fmt: skip


@pytest.mark.parametrize("name", [*GARBAGE, *HARMLESS])
def test_garbage_is_buried_and_the_work_goes_on(
    client: redis.Redis, engine: Client, name: str
) -> None:
    worker, player = LifecycleWorker(engine, claim_idle=0.001), Player(engine)
    worker.reader.ensure()
    client.set("workflow:text", "no hash")
    workflow = engine.start("A", workflow_id="w")
    client.xadd(engine.keys.events, (GARBAGE | HARMLESS)[name])
    assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED
    while client.xpending(engine.keys.events, "ending")["pending"]:
        worker.turn()
    letters: list[Any] = client.xrange(engine.keys.dead)
    assert len(letters) == (name in GARBAGE)
    if letters:
        assert letters[0][1][b"reason"]
        assert all(len(value) <= 65_536 for value in letters[0][1].values())


def test_a_script_that_raises_is_tried_again_before_its_event_is_buried(
    client: redis.Redis, engine: Client
) -> None:
    worker, player = LifecycleWorker(engine, claim_idle=0.001), Player(engine)
    worker.reader.ensure()
    workflow = engine.start("A → B", workflow_id="w")
    player.turn()
    # An operator's mistake makes the script raise; it is mended while the event waits.
    client.rename("workflow:w:steps", "aside")
    client.set("workflow:w:steps", "wrong type")
    for _ in range(2):
        worker.turn()
    client.rename("aside", "workflow:w:steps")
    assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED
    assert not client.exists(engine.keys.dead)


@pytest.mark.parametrize("wait", ["wait:delay(- duration: 1 -)", "wait:acquire(- name: x -)"])
def test_a_wait_whose_script_raises_is_taken_up_later(
    client: redis.Redis, engine: Client, wait: str
) -> None:
    """A delay was acknowledged before its step was read: mended, the step was queued for ever."""
    worker, player = LifecycleWorker(engine, claim_idle=0.001), Player(engine)
    worker.reader.ensure()
    workflow = engine.start(f"{wait} → B", workflow_id="w")
    client.rename("workflow:w:steps", "aside")
    client.set("workflow:w:steps", "wrong type")
    worker.turn()
    client.rename("aside", "workflow:w:steps")
    assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED
    assert client.xpending(engine.keys.events, "ending")["pending"] == 0
    client.delete(f"{engine.keys.latch}x")


def test_a_script_that_always_raises_costs_its_event_alone(
    client: redis.Redis, engine: Client
) -> None:
    worker, player = LifecycleWorker(engine, claim_idle=0.001), Player(engine)
    worker.reader.ensure()
    engine.start("A → B", workflow_id="broken")
    player.turn()
    client.delete("workflow:broken:steps")
    client.set("workflow:broken:steps", "wrong type")
    workflow = engine.start("A → B", workflow_id="whole")
    assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED
    wait_until(lambda: worker.turn() == 0 and client.xlen(engine.keys.dead) == 1, "it is buried")
    letters: list[Any] = client.xrange(engine.keys.dead)
    assert b"it failed 5 times" in letters[0][1][b"reason"]
    assert client.xpending(engine.keys.events, "ending")["pending"] == 0


def test_a_timer_whose_script_raises_holds_up_nobody(client: redis.Redis, engine: Client) -> None:
    worker, player = LifecycleWorker(engine), Player(engine)
    worker.reader.ensure()
    engine.start("wait:delay(- duration: 100 -)", workflow_id="broken")
    while worker.turn():
        pass
    client.rename("workflow:broken:steps", "aside")
    client.set("workflow:broken:steps", "wrong type")
    hurry(engine)
    workflow = engine.start("{ A B } → > wait:delay(- duration: 0 -)")
    assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED
    client.rename("aside", "workflow:broken:steps")
    hurry(engine)
    again = LifecycleWorker(engine)
    assert drive(engine, "workflow:broken", player, again) is WorkflowState.FINISHED
