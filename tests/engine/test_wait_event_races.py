"""`wait:event` call by call: workers that race, stop in between, or meet what they cannot serve."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import Outcome, StepState, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask, start_task
from littleflow_redis.engine.model.timers import Timer
from littleflow_redis.engine.model.user_events import UserEvent, signal
from littleflow_redis.engine.store.mailbox import EventWait, EventWaiter, Mailbox
from littleflow_redis.events.script_batch import Call, run_batch
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import wait_until

from .event_scene import MATCH, NOTHING, WAIT, Scene, private_keys
from .test_crashes import CLAIM_IDLE


class Hand:
    """The calls of the mailbox one by one, in the order of a worker that stops in between."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.engine = scene.engine
        self.mailbox = Mailbox(scene.engine.transitions, "ending")

    def run(self, call: Call) -> tuple[Outcome, list[Any]]:
        reply: Any = call.script.run(self.engine.redis, call.keys, call.args)
        return Outcome(reply[0]), reply[1:]

    def read(self) -> list[UserEvent | StartTask]:
        """What is new in the stream, without acknowledging it."""
        found: list[UserEvent | StartTask] = []
        for entry in self.scene.worker.reader.read(100):
            if entry.fields[b"kind"] == b'"start-task"':
                found.append(start_task(entry.id, entry.fields))
            elif entry.fields[b"kind"] == b'"approved"':
                found.append(signal(entry.id, entry.fields, self.engine.keys.full_id))
            else:
                self.scene.worker.reader.ack([entry.id])
        return found

    def event(self, **data: Any) -> UserEvent:
        self.engine.send_event("approved", data)
        (event,) = self.read()
        assert isinstance(event, UserEvent)
        return event

    def wait(self, text: str, input: Any) -> StartTask:
        self.engine.start(text, input)
        (task,) = self.read()
        assert isinstance(task, StartTask)
        return task

    def waiters(self, flat: list[bytes]) -> list[EventWaiter]:
        rows = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        return [
            EventWaiter(shape.decode(), start.decode(), *address.decode().split("|"))
            for shape, start, address in rows
        ]


@pytest.fixture
def hand(engine: Client) -> Hand:
    return Hand(Scene(engine))


def test_a_shape_that_came_into_use_meanwhile_is_told(hand: Hand) -> None:
    event, task = hand.event(order=5), hand.wait(MATCH, {"order": 5})
    # Digests were computed; then somebody begins to wait; then the event arrives.
    call = hand.mailbox.receive_event(event, [])
    assert hand.run(hand.mailbox.register_wait(task, EventWait("approved", {"order": 5})))[0] == 0
    assert hand.run(call) == (Outcome.AGAIN, [b'["order"]'])
    outcome, flat = hand.run(hand.mailbox.receive_event(event, ['["order"]']))
    assert (outcome, len(hand.waiters(flat))) == (Outcome.MATCHED, 1)


def test_an_event_that_comes_while_the_mailbox_is_indexed(hand: Hand) -> None:
    wait = EventWait("approved", {"order": 5})
    hand.run(hand.mailbox.receive_event(hand.event(order=4), []))
    task, event = hand.wait(MATCH, {"order": 5}), hand.event(order=5)
    outcome, (marker,) = hand.run(hand.mailbox.register_wait(task, wait))
    assert outcome is Outcome.AGAIN
    # Whoever brings it must know of the shape already.
    assert hand.run(hand.mailbox.receive_event(event, []))[0] is Outcome.AGAIN
    assert hand.run(hand.mailbox.receive_event(event, ['["order"]']))[0] is Outcome.APPLIED
    hand.mailbox.index_mailbox(wait)
    outcome, found = hand.run(hand.mailbox.register_wait(task, wait, marker.decode()))
    assert (outcome, found[0].decode()) == (Outcome.MATCHED, event.id)


def test_an_index_of_an_emptied_mailbox_is_worth_nothing(hand: Hand) -> None:
    """The mailbox was emptied, and filled again by somebody who knew of no shape."""
    wait = EventWait("approved", {"order": 5})
    first = hand.event(order=4)
    hand.run(hand.mailbox.receive_event(first, []))
    task, other = hand.wait(MATCH, {"order": 5}), hand.wait(MATCH, {"order": 6})
    _, (marker,) = hand.run(hand.mailbox.register_wait(task, wait))
    hand.mailbox.index_mailbox(wait)
    hand.mailbox.receipt_mailbox([(first.id, "1-1")])
    event = hand.event(order=5)
    assert hand.run(hand.mailbox.receive_event(event, []))[0] is Outcome.APPLIED
    # Another wait puts the shape into use again; the index of the first was made before.
    _, (second,) = hand.run(hand.mailbox.register_wait(other, EventWait("approved", {"order": 6})))
    assert hand.run(hand.mailbox.register_wait(task, wait, marker.decode()))[0] is Outcome.AGAIN
    hand.mailbox.index_mailbox(wait)
    outcome, found = hand.run(hand.mailbox.register_wait(task, wait, second.decode()))
    assert (outcome, found[0].decode()) == (Outcome.MATCHED, event.id)


def test_a_worker_that_dies_between_two_waiters_is_followed_by_another(hand: Hand) -> None:
    scene = hand.scene
    loop = scene.start(f"{WAIT} → A → :start")
    others = [scene.start(WAIT) for _ in range(4)]
    event = hand.event(output={"n": 1})
    _, flat = hand.run(hand.mailbox.receive_event(event, []))
    waiters = hand.waiters(flat)
    assert len(waiters) == 5
    for waiter in waiters:
        if waiter.workflow in (loop, others[2]):
            assert (
                hand.run(hand.mailbox.deliver_event(event.id, waiter, '{"n":1}'))[0]
                is Outcome.APPLIED
            )
    # The first to have it receipts it; nobody says so before everybody has it.
    assert scene.receipts() == []
    # The loop comes round and waits again, for the next event.
    scene.player.turn()
    done = LifecycleWorker(hand.engine, claim_idle=CLAIM_IDLE)
    wait_until(
        lambda: not done.turn() + scene.player.turn() and all(map(scene.ended, others)),
        "everybody has it",
    )
    assert [scene.output(workflow) for workflow in others] == [{"n": 1}] * 4
    assert [t.input for t in scene.player.played if t.workflow == loop] == [{"n": 1}]
    assert scene.receipts() == [event.id]
    hand.engine.terminate(loop)
    assert private_keys(hand.engine) == NOTHING


def test_what_follows_from_an_event_waits_for_the_next(hand: Hand) -> None:
    """It is receipted, if not for all to see: another worker is still handing it out."""
    workflow = hand.scene.start(f"{WAIT} → {WAIT}")
    event = hand.event(output={"n": 1})
    # The other one lives: this one claims nothing of it, however long all this takes.
    hand.scene.worker.reader.claim_idle = 600.0
    _, flat = hand.run(hand.mailbox.receive_event(event, []))
    (waiter,) = hand.waiters(flat)
    hand.run(hand.mailbox.deliver_event(event.id, waiter, '{"n":1}'))
    hand.scene.worker.turn()
    assert hand.run(hand.mailbox.receive_event(event, []))[0] is Outcome.APPLIED
    assert hand.engine.state(workflow).steps[2].state is StepState.WAITING
    hand.scene.send(output={"n": 2})
    assert hand.scene.output(workflow) == {"n": 2}


def test_an_event_is_delivered_or_the_wait_lapses_but_not_both(hand: Hand) -> None:
    scene = hand.scene
    workflow = scene.start("wait:event(- {event: approved, timeout: 60} -)")
    event = hand.event()
    _, flat = hand.run(hand.mailbox.receive_event(event, []))
    hand.engine.redis.zadd(
        hand.engine.keys.timers,
        dict.fromkeys(hand.engine.redis.zrange(hand.engine.keys.timers, 0, -1), 0),
    )
    (reply,) = run_batch(hand.engine.redis, [hand.engine.transitions.due_timers(10)])
    _, due = hand.engine.transitions.read_due_timers(reply)
    hand.engine.act([Timer.read(member) for member in due])
    (waiter,) = hand.waiters(flat)
    assert hand.run(hand.mailbox.deliver_event(event.id, waiter, "{}"))[0] is Outcome.GONE
    assert hand.engine.views.state(workflow) is WorkflowState.FAILED
    assert hand.run(hand.mailbox.receive_event(event, []))[0] is Outcome.APPLIED
    assert scene.receipts() == []
    assert scene.output(scene.start(WAIT)) == {}


def test_of_two_waits_one_takes_an_event_of_the_mailbox(hand: Hand) -> None:
    event = hand.event(output=1)
    hand.run(hand.mailbox.receive_event(event, []))
    tasks = [hand.wait(WAIT, {}) for _ in range(2)]
    wait = EventWait("approved", {})
    # Both have seen it.
    for task in tasks:
        outcome, found = hand.run(hand.mailbox.register_wait(task, wait))
        assert (outcome, found[0].decode()) == (Outcome.MATCHED, event.id)
    outcomes = [
        hand.run(
            hand.mailbox.deliver_event(
                event.id, EventWaiter("[]", t.event, t.workflow, t.field, t.token, True), "1"
            )
        )[0]
        for t in tasks
    ]
    assert outcomes == [Outcome.APPLIED, Outcome.GONE]
    assert hand.run(hand.mailbox.register_wait(tasks[1], wait))[0] is Outcome.APPLIED


def test_a_wait_that_was_taken_up_is_not_taken_up_again(hand: Hand) -> None:
    task = hand.wait(WAIT, {})
    wait = EventWait("approved", {})
    assert hand.run(hand.mailbox.register_wait(task, wait))[0] is Outcome.APPLIED
    assert hand.run(hand.mailbox.register_wait(task, wait))[0] is Outcome.GONE
    assert hand.engine.redis.zcard(hand.engine.keys.waiters) == 1


def test_an_event_that_was_finished_does_not_come_again(hand: Hand) -> None:
    workflow = hand.scene.start(WAIT)
    event = hand.event()
    slow = hand.mailbox.receive_event(event, [])
    hand.scene.worker.reader.rewind()
    hand.scene.turn()
    assert hand.scene.ended(workflow)
    later = hand.scene.start(WAIT)
    assert hand.run(slow)[0] is Outcome.DUPLICATE
    assert not hand.scene.ended(later)


def test_a_waiter_that_cannot_be_given_it_does_not_hold_it_for_ever(
    client: redis.Redis, hand: Hand
) -> None:
    """One workflow was written by a newer version: the others get the event, and it goes on."""
    newer, other = hand.scene.start(WAIT), hand.scene.start(WAIT)
    client.hset(newer, "version", 99)
    event = hand.engine.send_event("approved")
    worker = LifecycleWorker(hand.engine, claim_idle=CLAIM_IDLE)

    def acknowledged() -> bool:
        worker.turn()
        return bool(client.xpending(hand.engine.keys.events, "ending")["pending"] == 0)

    wait_until(acknowledged, "the event is let go")
    assert hand.scene.ended(other)
    assert not hand.scene.ended(newer)
    assert hand.scene.receipts() == [event]


def test_a_script_that_raises_on_an_event_does_not_stop_the_worker(
    client: redis.Redis, hand: Hand
) -> None:
    client.set(hand.engine.keys.kind + "approved", "not a hash")
    hand.engine.send_event("approved")
    hand.engine.send_event("other")
    worker = LifecycleWorker(hand.engine, claim_idle=CLAIM_IDLE)

    def acknowledged() -> bool:
        worker.turn()
        return bool(client.xpending(hand.engine.keys.events, "ending")["pending"] == 0)

    wait_until(acknowledged, "the event is let go")
    assert private_keys(hand.engine)["mail"] == 2
