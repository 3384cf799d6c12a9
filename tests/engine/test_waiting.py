"""What waits for what across workflows."""

from __future__ import annotations

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import BadQuery
from littleflow_redis.engine.model.states import StepState
from littleflow_redis.engine.model.task_events import start_task
from littleflow_redis.engine.model.timestamps import LATEST
from littleflow_redis.engine.model.wait_kinds import WaitKind
from littleflow_redis.engine.views.waits import WaitView
from littleflow_redis.workers.lifecycle import LifecycleWorker

from .test_ends import Hand


def everything(engine: Client, size: int = 50) -> list[WaitView]:
    found: list[WaitView] = []
    cursor = ""
    while True:
        page = engine.waiting(cursor=cursor, size=size)
        assert len(page.items) <= size
        found += page.items
        cursor = page.next
        if not cursor:
            return found


def settle(engine: Client) -> None:
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    while worker.turn():
        pass


def test_each_kind_says_on_what_and_since_when(engine: Client) -> None:
    engine.redis.set(engine.keys.latch + "port", 1)
    text = (
        "{ wait:event(- {event: paid, match: input} -) wait:countdown(- name: port -)"
        " wait:delay(- duration: 1000 -) math:A B(- {$retry: {limit: 1, delay: 50}} -) }"
    )
    hand = Hand(engine, text, {"order": 5})
    hand.send(index=hand.tasks["B"].index, name="B", status="FAILURE", reason="no")
    settle(engine)
    waits = {wait.name: wait for wait in everything(engine)}
    told = {name: (wait.kind, wait.on) for name, wait in waits.items()}
    assert told == {
        "wait:event": (WaitKind.EVENT, "paid"),
        "wait:countdown": (WaitKind.LATCH, "port"),
        "wait:delay": (WaitKind.TIMER, ""),
        "math:A": (WaitKind.CATEGORY, "math"),
        "B": (WaitKind.TIMER, ""),
    }
    assert all(wait.workflow == hand.workflow for wait in waits.values())
    now = engine.redis.time()[0]
    assert all(wait.since and now - wait.since.timestamp() < 60 for wait in waits.values())
    assert waits["wait:event"].match == '{"order":5}'
    assert waits["wait:countdown"].sentence.startswith("waits for latch port since 2")
    assert waits["wait:delay"].due is not None
    engine.transitions.run([engine.transitions.claim_attempt(hand.tasks["math:A"], "bridge:math")])
    assert "math:A" not in {wait.name for wait in everything(engine)}
    assert (WaitKind.TASK, "bridge:math") in {(w.kind, w.on) for w in engine.waits(hand.workflow)}


@pytest.mark.parametrize("size", [1, 7, 50, 1000])
def test_pages_hold_each_wait_once(engine: Client, size: int) -> None:
    for number in range(70):
        engine.start("{ A B C }" if number % 9 == 0 else "A", workflow_id=f"w{number}")
        if number % 5 == 1:
            engine.terminate(f"w{number}")
    seen = [(wait.workflow, wait.index) for wait in everything(engine, size)]
    assert len(set(seen)) == len(seen) == 70 - 14 + 2 * 7


def test_the_oldest_workflow_comes_first_and_nothing_is_nothing(engine: Client) -> None:
    assert everything(engine) == []
    first, second = engine.start("A"), engine.start("A")
    order = [wait.workflow for wait in everything(engine)]
    assert sorted(order) == sorted([first, second])


def test_what_is_no_page(engine: Client) -> None:
    for cursor in ("x", ".x", "." + "9" * 20, "x.1"):
        with pytest.raises(BadQuery):
            engine.waiting(cursor=cursor)
    with pytest.raises(BadQuery):
        engine.waiting(size=0)


def test_a_wait_until_after_the_year_9999_is_shown_all_the_same(engine: Client) -> None:
    """One such wait, taken up before it was refused, made `state` and all of `waiting` raise."""
    workflow = engine.start("wait:delay(- duration: 1 -)")
    (raw,) = (row for row in engine.redis.xrange(engine.keys.events) if b"base" in row[1])
    task = start_task(raw[0].decode(), raw[1])
    engine.transitions.run([engine.transitions.wait_delay(task, "ending", until=2 * LATEST)])
    (wait,) = everything(engine)
    assert wait.due is not None
    assert wait.due.year == 9999
    assert engine.state(workflow).steps[1].state is StepState.WAITING
