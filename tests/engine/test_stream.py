"""Who deletes entries, and what comes back when the stream is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.messages import end_fields, kind_of, start_task
from littleflow_redis.engine.reconcile import Reconciler
from littleflow_redis.engine.states import WorkflowState
from littleflow_redis.events.group import GroupReader
from littleflow_redis.events.wire import receipt_for
from littleflow_redis.workers.lifecycle import LifecycleWorker
from littleflow_redis.workers.receipts import Receipts
from tests.support import wait_until

from .support import Player, append, drive, run
from .test_ends import Hand


@pytest.fixture
def shown() -> list[str]:
    return []


@pytest.fixture
def receipts(engine: Client, shown: list[str]) -> Receipts:
    return Receipts(engine, show=shown.append)


def kinds(engine: Client) -> list[str]:
    entries: Any = engine.redis.xrange(engine.keys.events)
    return [fields[b"kind"].decode().strip('"') for _, fields in entries]


def read_all(engine: Client, group: str) -> GroupReader:
    reader = GroupReader(engine.redis, engine.keys.events, group)
    reader.ensure()
    reader.ack([entry.id for entry in reader.read(1000)])
    return reader


def test_nothing_stays_in_the_stream_of_finished_workflows(
    engine: Client, receipts: Receipts
) -> None:
    run(engine, "A → { B C } → D")
    receipts.turn()
    receipts.turn()
    assert engine.redis.xlen(engine.keys.events) == 0


def test_a_start_task_stays_while_its_attempt_is_open_whoever_acknowledged_it(
    engine: Client, receipts: Receipts
) -> None:
    workflow = engine.start("A")
    for group in ("ending", "players", "another"):
        read_all(engine, group)
    append(engine.redis, engine.keys.events, receipt_for(events(engine)[-1]))
    receipts.turn()
    assert "start-task" in kinds(engine)
    engine.terminate(workflow)
    receipts.turn()
    assert "start-task" not in kinds(engine)


def test_an_end_stays_until_every_group_has_read_and_acknowledged_it(
    engine: Client, receipts: Receipts
) -> None:
    slow = GroupReader(engine.redis, engine.keys.events, "slow")
    slow.ensure()
    run(engine, "A")
    receipts.turn()
    assert "end-task" in kinds(engine)
    held = [entry.id for entry in slow.read(100)]
    receipts.turn()
    assert "end-task" in kinds(engine)
    slow.ack(held)
    receipts.turn()
    assert kinds(engine) == []


def test_after_the_grace_nobody_is_waited_for(engine: Client, shown: list[str]) -> None:
    GroupReader(engine.redis, engine.keys.events, "never acknowledges").ensure()
    run(engine, "A")
    receipts = Receipts(engine, grace=-1.0, show=shown.append)
    receipts.turn()
    receipts.turn()
    assert kinds(engine) == []


def test_between_two_whole_sweeps_what_is_new_is_swept(engine: Client, receipts: Receipts) -> None:
    waiting = [engine.start("A") for _ in range(3)]
    receipts.sweep()
    engine.terminate(waiting[0])
    engine.terminate(engine.start("A"))
    left = kinds(engine).count("start-task")
    receipts.sweep(whole=False)
    assert kinds(engine).count("start-task") == left - 1
    receipts.sweep()
    assert kinds(engine).count("start-task") == left - 2 == 2


def test_many_that_wait_cost_little_while_nothing_happens(
    engine: Client, receipts: Receipts
) -> None:
    for _ in range(300):
        engine.start("A")
    receipts.sweep()
    assert engine.transitions.sweep("-", 1000, grace=60, retention=60).seen >= 300
    assert receipts.sweep(whole=False) == 0
    assert engine.transitions.sweep(receipts._swept, 1000, grace=60, retention=60).seen == 0


def test_a_users_event_stays_until_receipted_and_read(engine: Client, receipts: Receipts) -> None:
    id = engine.send_event("approved", {"who": "me"})
    read_all(engine, "ending")
    receipts.turn()
    assert kinds(engine) == ["approved"]
    append(engine.redis, engine.keys.events, receipt_for(id))
    receipts.turn()
    read_all(engine, "ending")
    receipts.turn()
    assert kinds(engine) == []
    assert not engine.redis.exists(engine.keys.receipted)


def test_a_users_event_goes_after_its_retention(engine: Client, shown: list[str]) -> None:
    engine.send_event("approved")
    Receipts(engine, event_retention=-1.0, show=shown.append).turn()
    Receipts(engine, event_retention=-1.0, show=shown.append).turn()
    assert kinds(engine) == []


def test_each_receipted_event_is_printed_once(
    engine: Client, receipts: Receipts, shown: list[str]
) -> None:
    engine.start("A")
    append(engine.redis, engine.keys.events, receipt_for(events(engine)[-1]))
    receipts.turn()
    receipts.turn()
    assert len(shown) == 1
    assert "'kind': 'start-task'" in shown[0]
    assert "processed at 2" in shown[0]


def test_pending_ids_without_an_entry_are_acknowledged(engine: Client, receipts: Receipts) -> None:
    reader = GroupReader(engine.redis, engine.keys.events, "lost")
    reader.ensure()
    engine.send_event("a")
    (entry,) = reader.read(10)
    engine.redis.xdel(engine.keys.events, entry.id)
    receipts.turn()
    receipts.prune()
    assert engine.redis.xpending(engine.keys.events, "lost")["pending"] == 0


def events(engine: Client) -> list[str]:
    entries: Any = engine.redis.xrange(engine.keys.events)
    return [id.decode() for id, _ in entries]


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
        Reconciler(engine).run()
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
    engine.transitions.run([engine.transitions.take(task, player.reader.group)])
    reconciler, worker = Reconciler(engine), LifecycleWorker(engine)
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
    """Seed 7 of the chaos run, with ``worker -A``: a consumer was deleted between reading a
    start-task and taking its attempt, which stayed queued for ever.
    """
    workflow = engine.start("shop:A → shop:B")
    reconciler, worker = Reconciler(engine), LifecycleWorker(engine)
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
    reconciler = Reconciler(engine)
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
    reconciler = Reconciler(engine)
    assert [reconciler.run() for _ in range(3)] == [0, 0, 0]


def test_what_a_receipt_tells_of_is_not_written_again(engine: Client, shop: Player) -> None:
    hand = Hand(engine, "shop:A")
    engine.transitions.run([engine.transitions.begun(hand.tasks["shop:A"], "somebody")])
    shop.reader.ack([entry.id for entry in shop.reader.read(10)])
    reconciler = Reconciler(engine)
    assert [reconciler.run() for _ in range(3)] == [0, 0, 0]


def test_what_ended_meanwhile_is_not_written_again(client: redis.Redis, engine: Client) -> None:
    player, worker, reconciler = Player(engine), LifecycleWorker(engine), Reconciler(engine)
    engine.start("A → B")
    player.turn()
    # Taken, ended and acknowledged; the end has not been applied yet.
    reconciler.run()
    assert len(reconciler.suspects) == 1
    worker.reader.ensure()
    worker.turn()
    assert reconciler.run() == 0


def test_waits_are_not_written_again(client: redis.Redis, engine: Client) -> None:
    worker, reconciler = LifecycleWorker(engine), Reconciler(engine)
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
