"""Attempts that a process holds: claimed and acknowledged in one, handed back, taken over."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.celery_ids import task_uuid
from littleflow_redis.engine.model.script_results import HeldAttempt, Publication, Report
from littleflow_redis.engine.model.states import Outcome, WorkflowState
from littleflow_redis.engine.model.task_events import EndTask, StartTask, kind_of, start_task
from littleflow_redis.engine.operations.reconcile import Reconciler
from littleflow_redis.engine.operations.take_over import TakeOver
from littleflow_redis.engine.store.handing import Serving
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.store.registration import Registration
from littleflow_redis.events.entries import entries_of
from littleflow_redis.events.streams import make_group
from tests.support import wait_until

GROUP, WORKER = "steps:m:celery", "worker-1"


@pytest.fixture
def engine(client: redis.Redis) -> Client:
    return Client(redis=client)


@pytest.fixture
def held(engine: Client) -> HeldAttempts:
    return HeldAttempts(engine.context)


def start_tasks(engine: Client) -> list[StartTask]:
    rows: Any = engine.redis.execute_command(b"XRANGE", engine.keys.events, "-", "+")
    entries = entries_of(rows, {})
    return [start_task(e.id, e.fields) for e in entries if kind_of(e.fields) == "start-task"]


def hold(engine: Client, task: StartTask, worker: str = WORKER, most: int = 0) -> Outcome:
    make_group(engine.redis, engine.keys.events, GROUP)
    engine.redis.xreadgroup(GROUP, worker, {engine.keys.events: ">"})
    id = task_uuid(task.workflow, task.index, task.token)
    call = engine.transitions.claim_attempt(
        task, GROUP, worker, Publication(task.category, id), most, hold=True
    )
    (report,) = engine.transitions.run([call])
    assert isinstance(report, Report), report
    return report.outcome


def beat(engine: Client, worker: str = WORKER, seconds: float = 60.0) -> None:
    HeldAttempts(engine.context).beat(worker, Registration(["m"]), seconds)


def held_by(held: HeldAttempts, worker: str = WORKER) -> list[str]:
    return [one.task for one in held.of(worker, "m")]


def test_an_attempt_is_held_and_its_start_task_acknowledged(
    engine: Client, held: HeldAttempts
) -> None:
    engine.start("m:A")
    (task,) = start_tasks(engine)
    assert hold(engine, task) is Outcome.APPLIED
    pending: Any = engine.redis.xpending_range(engine.keys.events, GROUP, "-", "+", 9)
    assert task.event.encode() not in [row["message_id"] for row in pending]
    assert held_by(held) == [task_uuid(task.workflow, task.index, task.token)]
    # Delivered again, to whomever, it is not begun again.
    assert hold(engine, task) is Outcome.TAKEN_BY_OTHER


def test_a_dead_holder_s_attempt_is_written_again_and_counted(
    engine: Client, held: HeldAttempts
) -> None:
    engine.start("m:A", {"n": 1})
    (task,) = start_tasks(engine)
    hold(engine, task, most=2)
    beat(engine)
    assert held.alive() == held.registered() == {WORKER}
    (attempt,) = held.all()
    assert take_over(held, attempt) is Outcome.UNCHANGED, "its holder lives"
    beat(engine, seconds=-1)
    assert (held.alive(), held.registered()) == (set(), {WORKER})
    assert take_over(held, attempt) is Outcome.APPLIED
    assert take_over(held, attempt) is Outcome.UNCHANGED, "only the first writes it"
    again = start_tasks(engine)[-1]
    assert (again.token, again.input) == (task.token, {"n": 1})
    assert hold(engine, again, "worker-2", most=2) is Outcome.APPLIED
    beat(engine, "worker-2", -1)
    (attempt,) = held.of("worker-2", "m")
    assert take_over(held, attempt) is Outcome.APPLIED
    assert hold(engine, start_tasks(engine)[-1], "worker-3", most=2) is Outcome.WORN_OUT


def take_over(held: HeldAttempts, attempt: HeldAttempt) -> Outcome:
    return held.release(attempt, fenced=True, died=True)


def test_what_is_handed_back_is_no_death(engine: Client, held: HeldAttempts) -> None:
    engine.start("m:A")
    for number in range(3):
        assert hold(engine, start_tasks(engine)[-1], most=1) is Outcome.APPLIED, number
        (attempt,) = held.of(WORKER, "m")
        assert held.release(attempt) is Outcome.APPLIED


def test_a_holder_that_lives_after_all_may_end_what_was_taken_from_it(
    engine: Client, held: HeldAttempts
) -> None:
    id = engine.start("m:A")
    (task,) = start_tasks(engine)
    hold(engine, task)
    (attempt,) = held.of(WORKER, "m")
    held.release(attempt, died=True)
    end(engine, task)
    assert engine.state(id).state is WorkflowState.FINISHED
    assert hold(engine, start_tasks(engine)[-1], "worker-2") is Outcome.GONE


def test_the_reconciler_finds_what_a_dead_holder_left(engine: Client) -> None:
    engine.start("m:A")
    (task,) = start_tasks(engine)
    hold(engine, task)
    page: Any = engine.redis.hgetall(engine.keys.open_attempts)
    takers = b"\x93\x90\x80\xa5steps"
    beat(engine)
    assert engine.transitions.find_lost_attempts(page, takers) == []
    beat(engine, seconds=-1)
    assert engine.transitions.find_lost_attempts(page, takers) == [(task.event.encode(), "dropped")]
    # Two looks, as what is dropped may be under way.
    reconciler = Reconciler(engine.context)
    reconciler.run()
    reconciler.run()
    assert hold(engine, start_tasks(engine)[-1], "worker-2") is Outcome.APPLIED


def test_one_that_dies_is_taken_over_when_two_looks_find_it_dead(
    engine: Client, held: HeldAttempts
) -> None:
    engine.start("m:A → m:B")
    (task,) = start_tasks(engine)
    hold(engine, task)
    beat(engine)
    # What follows is held, too, and nothing of it is in the stream.
    assert len(end(engine, task, room=1)) == 1
    look = TakeOver(engine.context, "worker-2", patience=0.05)
    assert look.run() == 0
    beat(engine, seconds=-1)
    assert look.run() == 0, "after an outage all seem dead, until they beat again"
    wait_until(lambda: look.run() == 1, "it is dead")
    wait_until(lambda: look.run() == 0 and not held.registered(), "it is forgotten")
    assert start_tasks(engine)[-1].base == "m:B"


def test_a_retry_s_message_is_run_once(engine: Client, held: HeldAttempts) -> None:
    engine.start("m:A")
    (task,) = start_tasks(engine)
    hold(engine, task)
    id = task_uuid(task.workflow, task.index, task.token)
    message = (task.workflow, task.index, task.token, id)
    engine.transitions.mark_published(GROUP, [(Publication("m", id), "")])
    beat(engine, "worker-2")
    assert held.hold(*message, "worker-2") == (Outcome.APPLIED, "m")
    assert held.hold(*message, "worker-2")[0] is Outcome.TAKEN_BY_OTHER, "it has it"
    assert held.hold(*message, "worker-3")[0] is Outcome.TAKEN_BY_OTHER, "another has it"
    beat(engine, "worker-2", -1)
    assert held.hold(*message, "worker-3") == (Outcome.APPLIED, "m")
    end(engine, task)
    assert held.hold(*message, "worker-3")[0] is Outcome.GONE, "it is over"


def test_a_step_that_waits_for_a_result_is_not_run_by_a_copy_of_its_message(
    engine: Client, held: HeldAttempts
) -> None:
    engine.start("m:A")
    (task,) = start_tasks(engine)
    hold(engine, task)
    id = task_uuid(task.workflow, task.index, task.token)
    engine.transitions.mark_published(GROUP, [(Publication("m", id, '"result"'), "")])
    message = (task.workflow, task.index, task.token, id)
    assert held.hold(*message, "worker-2")[0] is Outcome.GONE
    assert hold(engine, task, "worker-2") is Outcome.PUBLISHED
    beat(engine, seconds=-1)
    Reconciler(engine.context).run()
    assert held_by(held) == held_by(held, "worker-2") == []
    assert len(start_tasks(engine)) == 1, "it is nobody's loss"


def test_a_message_that_kills_its_workers_is_given_up(engine: Client, held: HeldAttempts) -> None:
    """A broker that delivers again at once kept a retry from ever being counted: it killed one
    worker after the other.
    """
    engine.start("m:A")
    (task,) = start_tasks(engine)
    hold(engine, task, most=3)
    id = task_uuid(task.workflow, task.index, task.token)
    message = (task.workflow, task.index, task.token, id)
    engine.transitions.mark_published(GROUP, [(Publication("m", id), "")])
    for number in (1, 2, 3):
        # The first one counts as the claim of the task that was retried.
        assert held.hold(*message, f"worker-{number}", 3) == (Outcome.APPLIED, "m")
    assert held.hold(*message, "worker-4", 3)[0] is Outcome.TAKEN_BY_OTHER
    (attempt,) = held.of("worker-3", "m")
    assert take_over(held, attempt) is Outcome.APPLIED
    assert held.hold(*message, "worker-4", 3)[0] is Outcome.TAKEN_BY_OTHER, "a start-task waits"
    assert hold(engine, start_tasks(engine)[-1], "worker-4", most=3) is Outcome.WORN_OUT


def test_a_terminating_workflow_does_not_wait_for_a_dead_holder(
    engine: Client, held: HeldAttempts
) -> None:
    id = engine.start("m:A")
    hold(engine, start_tasks(engine)[0])
    assert engine.terminate(id) is WorkflowState.TERMINATING
    (attempt,) = held.of(WORKER, "m")
    assert held.release(attempt, died=True) is Outcome.GONE
    assert engine.state(id).state is WorkflowState.TERMINATED


def end(engine: Client, task: StartTask, room: int | None = None) -> tuple[StartTask, ...]:
    done = EndTask("", task.workflow, task.index, task.token, True, "1", "", "")
    serving = Serving(WORKER, {"m": GROUP}).packed(room) if room is not None else b""
    (report,) = engine.transitions.run(engine.transitions.apply_ends([(done, "1")], "", serving))
    assert isinstance(report, Report)
    return report.handed


def test_what_follows_is_handed_over_as_far_as_there_is_room(
    engine: Client, held: HeldAttempts
) -> None:
    engine.start("m:A → { m:B m:C m:D }")
    (task,) = start_tasks(engine)
    hold(engine, task)
    handed = end(engine, task, room=2)
    assert [one.base for one in handed] == ["m:B", "m:C"]
    assert [one.base for one in start_tasks(engine)[1:]] == ["m:D"]
    ids = {task_uuid(one.workflow, one.index, one.token) for one in handed}
    assert set(held_by(held)) == ids
    # Its holder dies: nothing of them is in the stream, and the input is found again.
    for attempt in list(held.of(WORKER, "m")):
        assert held.release(attempt, died=True) is Outcome.APPLIED
    assert sorted(one.base for one in start_tasks(engine)[2:]) == ["m:B", "m:C"]
    assert {one.input for one in start_tasks(engine)[2:]} == {1}
