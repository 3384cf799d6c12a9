"""What the stream has lost comes back from the state."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.model.task_events import end_fields, kind_of, start_task
from littleflow_redis.engine.operations.reconcile import Reconciler
from littleflow_redis.events.group import GroupReader
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import next_millisecond, wait_until

from .support import Player, append, drive, read_all
from .test_ends import Hand


@pytest.mark.parametrize("text", ["A → { B C } → > D", "* A → B", "? `$[?(@.x=1)]` A → B"])
def test_a_lost_stream_is_written_again_from_the_state(
    client: redis.Redis, engine: Client, text: str
) -> None:
    worker, player = LifecycleWorker(engine), Player(engine)
    workflow = engine.start(text, {"x": 1})
    while not engine.state(workflow).state.ended:
        # All that nobody has read yet is lost, again and again.
        client.delete(engine.keys.events)
        worker.reader.ensure()
        player.reader.ensure()
        Reconciler(engine.context).run()
        player.turn()
        worker.turn()
    assert engine.state(workflow).state is WorkflowState.FINISHED
    assert {step.activations for step in engine.state(workflow).steps} == {1}


def lose_stream(engine: Client) -> None:
    engine.redis.delete(engine.keys.events)


def lose_group(engine: Client) -> None:
    engine.redis.xgroup_destroy(engine.keys.events, "players")


def lose_consumer(engine: Client) -> None:
    (row,) = engine.redis.xinfo_consumers(engine.keys.events, "players")
    engine.redis.xgroup_delconsumer(engine.keys.events, "players", row["name"])


@pytest.mark.parametrize("lose", [lose_stream, lose_group, lose_consumer])
def test_what_was_taken_is_written_again_once_nobody_has_it(
    engine: Client, lose: Callable[[Client], None]
) -> None:
    """An operator deleted the stream, or the consumer of a listener, and a workflow stood still for
    ever: the task was taken, so nobody wrote it again, and pending nowhere, so nobody claimed it.
    """
    player = Player(engine)
    workflow = engine.start("A → B")
    (entry,) = [e for e in player.reader.read(10) if kind_of(e.fields) == "start-task"]
    task = start_task(entry.id, entry.fields)
    engine.transitions.run([engine.transitions.claim_attempt(task, player.reader.group)])
    reconciler, worker = Reconciler(engine.context), LifecycleWorker(engine)
    assert reconciler.run() == 0
    assert not reconciler.suspects
    lose(engine)
    # Its end could be under way: the first look only notes it.
    assert reconciler.run() == 0
    assert reconciler.suspects == {entry.id.encode()}
    assert reconciler.run() == 1
    assert reconciler.run() == 0
    player.reader.ensure()
    assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED
    assert {t.token for t in player.played if t.name == "A"} == {task.token}


@pytest.fixture
def shop(engine: Client) -> Player:
    """Serves the category ``shop``, as a listener does."""
    return Player(engine, group="tasks:shop")


def drop_all(engine: Client) -> None:
    for row in engine.redis.xinfo_consumers(engine.keys.events, "tasks:shop"):
        engine.redis.xgroup_delconsumer(engine.keys.events, "tasks:shop", row["name"])


def test_what_was_read_and_not_taken_yet_is_written_again(engine: Client, shop: Player) -> None:
    """Seed 7 of the chaos run: a consumer was deleted between reading a
    start-task and taking its attempt, which stayed queued for ever.
    """
    workflow = engine.start("shop:A → shop:B")
    reconciler, worker = Reconciler(engine.context), LifecycleWorker(engine)
    assert (reconciler.run(), reconciler.suspects) == (0, set())
    shop.reader.read(10)
    assert (reconciler.run(), reconciler.suspects) == (0, set())
    drop_all(engine)
    assert (reconciler.run(), len(reconciler.suspects)) == (0, 1)
    assert reconciler.run() == 1
    assert (reconciler.run(), reconciler.suspects) == (0, set())
    assert drive(engine, workflow, shop, worker) is WorkflowState.FINISHED
    assert [task.name for task in shop.played] == ["shop:A", "shop:B"]


def test_what_nobody_serves_is_not_written_again(engine: Client, shop: Player) -> None:
    engine.start("{ other:A B }")
    read_all(engine, "ending")
    shop.reader.ack([entry.id for entry in shop.reader.read(10)])
    reconciler = Reconciler(engine.context)
    assert [reconciler.run() for _ in range(3)] == [0, 0, 0]


def test_what_is_only_acknowledged_as_its_workflow_failed_is_not_written_again(
    engine: Client, shop: Player
) -> None:
    hand = Hand(engine, "{ A shop:B }")
    failure = end_fields(hand.tasks["A"], reason="no", final=True)
    append(engine.redis, engine.keys.events, failure)
    hand.turn()
    assert engine.state(hand.workflow).state is WorkflowState.FAILED
    shop.reader.ack([entry.id for entry in shop.reader.read(10)])
    reconciler = Reconciler(engine.context)
    assert [reconciler.run() for _ in range(3)] == [0, 0, 0]


def test_what_a_receipt_tells_of_is_not_written_again(engine: Client, shop: Player) -> None:
    hand = Hand(engine, "shop:A")
    engine.transitions.run([engine.transitions.mark_started(hand.tasks["shop:A"], "somebody")])
    shop.reader.ack([entry.id for entry in shop.reader.read(10)])
    reconciler = Reconciler(engine.context)
    assert [reconciler.run() for _ in range(3)] == [0, 0, 0]


def test_what_others_acknowledge_untaken_is_not_written_again(engine: Client) -> None:
    """A partial listener acknowledges what it does not serve, and listeners of rqse take nothing:
    such a step was written again at every second look, for ever.
    """
    engine.start("shop:A")
    for group in ("ending", "mine:shop", "rqse:shop"):
        read_all(engine, group)
    reconciler = Reconciler(engine.context)
    assert [reconciler.run() for _ in range(3)] == [0, 0, 0]
    assert not reconciler.suspects


@pytest.mark.parametrize("group", ["ending", "lifecycle"])
def test_a_wait_that_a_lifecycle_worker_read_and_lost_is_written_again(
    engine: Client, group: str
) -> None:
    """A worker's consumer was deleted between reading the start-task of a wait and taking it up:
    the step stayed queued for ever, for only the groups of bridges and listeners were looked at.
    """
    dead = read_all(engine, group)
    workflow = engine.start("wait:delay(- duration: 1 -) → B")
    worker = LifecycleWorker(engine, group=group)
    reconciler = worker._reconciler
    assert [reconciler.run() for _ in range(3)] == [0, 0, 0]
    assert dead.read(10)
    assert [reconciler.run() for _ in range(3)] == [0, 0, 0]
    engine.redis.xgroup_delconsumer(engine.keys.events, group, dead.consumer)
    assert [reconciler.run() for _ in range(3)] == [0, 1, 0]
    assert drive(engine, workflow, Player(engine), worker) is WorkflowState.FINISHED


def test_what_ended_meanwhile_is_not_written_again(client: redis.Redis, engine: Client) -> None:
    player, worker, reconciler = Player(engine), LifecycleWorker(engine), Reconciler(engine.context)
    engine.start("A → B")
    player.turn()
    # Taken, ended and acknowledged; the end has not been applied yet.
    reconciler.run()
    assert len(reconciler.suspects) == 1
    worker.reader.ensure()
    worker.turn()
    assert reconciler.run() == 0


def test_what_has_ended_is_not_written_again_while_its_end_is_unread(engine: Client) -> None:
    """No lifecycle worker ran for a while, and the first that did wrote again all that had ended
    meanwhile, for it came to these ends after its second look.
    """
    player, worker = Player(engine), LifecycleWorker(engine)
    worker.reader.ensure()
    workflow = engine.start("A → B")
    player.turn()
    reconciler = Reconciler(engine.context)
    assert [reconciler.run() for _ in range(3)] == [0, 0, 0]
    assert len(reconciler.suspects) == 1
    assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED
    assert (reconciler.run(), reconciler.suspects) == (0, set())
    assert [task.name for task in player.played] == ["A", "B"]


def test_what_was_dropped_is_written_again_once_the_ends_before_are_read(engine: Client) -> None:
    player = Player(engine)
    ends = GroupReader(engine.redis, engine.keys.events, "ending")
    ends.ensure()
    engine.start("A")
    (entry,) = [e for e in player.reader.read(10) if kind_of(e.fields) == "start-task"]
    task = start_task(entry.id, entry.fields)
    engine.transitions.run([engine.transitions.claim_attempt(task, player.reader.group)])
    lose_consumer(engine)
    reconciler = Reconciler(engine.context)
    assert [reconciler.run() for _ in range(3)] == [0, 0, 0]
    ends.read(1)
    assert reconciler.run() == 0
    ends.read(10)
    next_millisecond()
    engine.send_event("something")
    # What came since holds nobody up.
    assert (reconciler.run(), reconciler.suspects) == (1, set())


def test_waits_are_not_written_again(client: redis.Redis, engine: Client) -> None:
    worker, reconciler = LifecycleWorker(engine), Reconciler(engine.context)
    worker.reader.ensure()
    engine.start("{ wait:delay(- duration: 1000 -) wait:event(- event: go -) }")
    wait_until(lambda: worker.turn() == 0, "the waits are taken up")
    client.delete(engine.keys.events)
    assert [reconciler.run() for _ in range(3)] == [0, 0, 0]
    assert not reconciler.suspects


def test_a_worker_notices_by_itself_that_the_group_is_gone(
    client: redis.Redis, engine: Client
) -> None:
    worker, player = LifecycleWorker(engine), Player(engine)
    worker.turn()
    workflow = engine.start("A → B")
    client.delete(engine.keys.events)
    assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED


def test_forgotten_scripts_are_loaded_again(client: redis.Redis, engine: Client) -> None:
    worker, player = LifecycleWorker(engine), Player(engine)
    workflow = engine.start("A → { B C } → > D")
    while not engine.state(workflow).state.ended:
        client.script_flush()
        player.turn()
        client.script_flush()
        worker.turn()
    assert engine.state(workflow).state is WorkflowState.FINISHED
