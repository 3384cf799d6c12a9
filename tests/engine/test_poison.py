"""An event that raises what nobody expected costs itself: not the batch, and not the worker."""

from __future__ import annotations

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.events.event_codec import receipt_for
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import wait_until

from .support import Player, append, drive


@pytest.fixture
def worker(engine: Client) -> LifecycleWorker:
    worker = LifecycleWorker(engine, claim_idle=0.001)
    worker.reader.ensure()
    return worker


def pending(engine: Client) -> int:
    return int(engine.redis.xpending(engine.keys.events, "ending")["pending"])


def quiet(engine: Client, worker: LifecycleWorker) -> bool:
    return worker.turn() == 0 and pending(engine) == 0


def test_a_forged_task_of_what_is_no_workflow_ends_no_worker(
    client: redis.Redis, engine: Client, worker: LifecycleWorker
) -> None:
    """Every lifecycle worker ended, one after another: HGET on a string raised outside any guard.

    The task failed at once for its parameters; before, the version of its workflow is looked at.
    """
    client.set("workflow:text", "no hash")
    task = {"kind": "start-task", "workflow": "workflow:text", "index": 1, "name": "wait:delay"}
    event = append(client, engine.keys.events, {**task, "token": "1.1-a"})
    workflow = engine.start("A → B")
    assert drive(engine, workflow, Player(engine), worker) is WorkflowState.FINISHED
    wait_until(lambda: quiet(engine, worker), "it is given up")
    letters = {letter.event: letter.reason for letter in engine.dead_letters()}
    assert "it failed 5 times: WRONGTYPE" in letters[event]


def test_a_task_that_cannot_be_taken_up_fails_its_step(
    client: redis.Redis, engine: Client, worker: LifecycleWorker
) -> None:
    """Buried alone, its attempt stayed open, and its workflow hung for ever."""
    workflow = engine.start("wait:event(- event: go -) → B")
    (raw,) = (row for row in client.xrange(engine.keys.events) if b"base" in row[1])
    id, fields = raw
    # The kind becomes part of a key's name, and half a character can be in none.
    fields[b"parameters"] = rb'{"event": "\ud800"}'
    client.xdel(engine.keys.events, id)
    client.xadd(engine.keys.events, fields)
    wait_until(lambda: quiet(engine, worker), "it is given up")
    view = engine.state(workflow)
    assert view.state is WorkflowState.FAILED
    assert "it failed 5 times: UnicodeEncodeError" in str(view.reasons)
    assert engine.dead_letters()[0].ended


def test_receipts_that_raise_hold_up_nothing_and_come_again(
    client: redis.Redis, engine: Client, worker: LifecycleWorker
) -> None:
    """An operator's mistake made the script of receipts raise: all lifecycle workers ended."""
    client.set(engine.keys.mailbox, "wrong type")
    player = Player(engine)
    workflow = engine.start("A → B")
    for _ in range(2):
        append(client, engine.keys.events, receipt_for("1-1"))
    player.turn()
    worker.turn()
    assert (worker.applied, pending(engine)) == (1, 2)
    client.delete(engine.keys.mailbox)
    assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED
    wait_until(lambda: quiet(engine, worker), "the receipts are taken up")
    assert engine.dead_letters() == []
