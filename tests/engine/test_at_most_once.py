"""`$on-lost: fail`: an attempt that may have begun is not begun again when its process is lost."""

from __future__ import annotations

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.script_results import Publication
from littleflow_redis.engine.model.states import Outcome, StepState, WorkflowState
from littleflow_redis.engine.operations.reconcile import Reconciler
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.workers.lifecycle import LifecycleWorker

from .once import ONCE, check_lost, claim, dies, turn
from .support import Player
from .test_held_attempts import WORKER, beat, end, hold, start_tasks
from .test_held_attempts import held as held


def test_the_death_of_its_holder_fails_it(engine: Client, held: HeldAttempts) -> None:
    workflow = engine.start(ONCE)
    (task,) = start_tasks(engine)
    hold(engine, task)
    beat(engine)
    (attempt,) = held.of(WORKER, "m")
    assert held.release(attempt, fenced=True, died=True) is Outcome.UNCHANGED, "it lives"
    assert dies(engine, held) is Outcome.MAY_HAVE_RUN
    assert held.release(attempt, fenced=True, died=True) is Outcome.UNCHANGED
    assert hold(engine, task, "worker-2") is Outcome.GONE
    check_lost(engine, workflow)
    # The holder was alive after all: its end is late, and changes nothing.
    end(engine, task)
    check_lost(engine, workflow)


def test_by_default_it_is_run_again(engine: Client, held: HeldAttempts) -> None:
    for text in ("m:A", "m:A(- $on-lost: retry -)"):
        engine.start(text)
        task = start_tasks(engine)[-1]
        hold(engine, task)
        assert dies(engine, held) is Outcome.APPLIED
        again = start_tasks(engine)[-1]
        assert (again.token, again.once) == (task.token, False)
        assert hold(engine, again, "worker-2") is Outcome.APPLIED


def test_what_was_never_begun_is_run_elsewhere(engine: Client, held: HeldAttempts) -> None:
    workflow = engine.start(ONCE, {"n": 1})
    for worker in ("worker-1", "worker-2", "worker-3"):
        task = start_tasks(engine)[-1]
        assert (task.once, task.input) == (True, {"n": 1})
        assert hold(engine, task, worker) is Outcome.APPLIED, worker
        (attempt,) = held.of(worker, "m")
        assert held.release(attempt) is Outcome.APPLIED
    hold(engine, start_tasks(engine)[-1], "worker-4")
    assert dies(engine, held, "worker-4") is Outcome.MAY_HAVE_RUN
    check_lost(engine, workflow, again=3)


def test_what_was_handed_over_counts_as_begun(engine: Client, held: HeldAttempts) -> None:
    workflow = engine.start(f"m:Z → {ONCE}")
    (task,) = start_tasks(engine)
    hold(engine, task)
    (handed,) = end(engine, task, room=1)
    assert handed.once
    assert dies(engine, held) is Outcome.MAY_HAVE_RUN
    assert engine.state(workflow).steps[2].state is StepState.FAILED
    assert len(start_tasks(engine)) == 1


def test_its_failure_may_be_its_output(engine: Client, held: HeldAttempts) -> None:
    workflow = engine.start("m:A(- {$on-lost: fail, $on-failure: continue} -) → m:B")
    hold(engine, start_tasks(engine)[0])
    assert dies(engine, held) is Outcome.MAY_HAVE_RUN
    following = start_tasks(engine)[-1]
    assert following.base == "m:B"
    error = following.input["error"]
    assert (error["type"], error["step"]) == ("WorkerLostError", "m:A")
    assert "forbids another run" in error["message"]
    assert engine.state(workflow).state is WorkflowState.RUNNING


@pytest.mark.parametrize("recorded", [False, True])
def test_another_process_of_its_group_does_not_begin_it_again(
    engine: Client, recorded: bool
) -> None:
    """Without a holder the stream's pending list says who has it; a bridge has recorded it."""
    workflow = engine.start(ONCE)
    (task,) = start_tasks(engine)
    publication = Publication("m", "celery-1") if recorded else None
    assert claim(engine, task, "first", publication) is Outcome.APPLIED
    # Its reply was lost, so it asks again, and has not begun.
    mine = claim(engine, task, "first", publication)
    assert mine is (Outcome.RECORDED if recorded else Outcome.APPLIED)
    for _ in range(2):
        assert claim(engine, task, "second", publication) is Outcome.MAY_HAVE_RUN
    assert engine.state(workflow).state is WorkflowState.RUNNING
    turn(engine)
    check_lost(engine, workflow)
    assert claim(engine, task, "first", publication) is Outcome.GONE
    # Its message may be with the broker, and is revoked.
    assert engine.redis.hlen(engine.keys.abandoned_publications + "m") == recorded


def test_an_end_that_comes_before_it_has_failed_is_applied(engine: Client) -> None:
    workflow = engine.start(ONCE)
    (task,) = start_tasks(engine)
    claim(engine, task, "first")
    assert claim(engine, task, "second") is Outcome.MAY_HAVE_RUN
    end(engine, task)
    turn(engine)
    assert engine.state(workflow).state is WorkflowState.FINISHED
    assert not engine.redis.zcard(engine.keys.timers)


def test_who_claims_it_after_a_reported_start_does_not_begin_it(engine: Client) -> None:
    """A listener that does not claim has reported that it began."""
    workflow = engine.start(ONCE)
    hold(engine, start_tasks(engine)[0])
    (attempt,) = HeldAttempts(engine.context).of(WORKER, "m")
    HeldAttempts(engine.context).release(attempt)
    task = start_tasks(engine)[-1]
    engine.transitions.run([engine.transitions.mark_started(task, "elsewhere")])
    for worker in (WORKER, "worker-2"):
        assert hold(engine, task, worker) is Outcome.MAY_HAVE_RUN
    turn(engine)
    check_lost(engine, workflow, again=1)


def reconcile(engine: Client) -> None:
    """Twice: an attempt that is dropped may be under way."""
    reconciler = Reconciler(engine.context)
    reconciler.run()
    reconciler.run()


def test_the_reconciler_fails_what_was_claimed(engine: Client, held: HeldAttempts) -> None:
    plain, recorded, kept = (engine.start(ONCE) for _ in range(3))
    tasks = {task.workflow: task for task in start_tasks(engine)}
    claim(engine, tasks[plain], "gone")
    claim(engine, tasks[recorded], "gone", Publication("m", "celery-1"))
    hold(engine, tasks[kept])
    beat(engine, seconds=-1)
    reconcile(engine)
    for workflow in (plain, recorded, kept):
        check_failed(engine, workflow)
    assert len(start_tasks(engine)) == 3


def check_failed(engine: Client, workflow: str) -> None:
    assert engine.state(workflow).state is WorkflowState.FAILED
    assert "forbids another run" in engine.state(workflow).reason


def test_the_reconciler_writes_again_what_nobody_had(engine: Client) -> None:
    workflow = engine.start(ONCE)
    engine.redis.delete(engine.keys.events)
    Reconciler(engine.context).run()
    (task,) = start_tasks(engine)
    assert (task.workflow, task.once) == (workflow, True)
    assert claim(engine, task, "first") is Outcome.APPLIED


def test_a_message_that_comes_again_after_a_death_is_not_run(
    engine: Client, held: HeldAttempts
) -> None:
    """A retry's message is the broker's until its end is applied."""
    workflow = engine.start(ONCE)
    (task,) = start_tasks(engine)
    hold(engine, task)
    message = (task.workflow, task.index, task.token, task.uuid)
    engine.transitions.mark_published("", [(Publication("m", task.uuid), "")])
    beat(engine, "worker-2")
    assert held.hold(*message, "worker-2")[0] is Outcome.APPLIED
    beat(engine, "worker-2", -1)
    assert held.hold(*message, "worker-3")[0] is Outcome.TAKEN_BY_OTHER, "it may have run"
    assert dies(engine, held, "worker-2") is Outcome.MAY_HAVE_RUN
    assert held.hold(*message, "worker-3")[0] is Outcome.GONE
    check_lost(engine, workflow)


def test_in_a_workflow_that_ends_it_fails_and_a_restart_runs_it_again(
    engine: Client, held: HeldAttempts
) -> None:
    """A restart is the decision of a person, who sees that it may have run."""
    workflow = engine.start(ONCE)
    hold(engine, start_tasks(engine)[0])
    assert engine.terminate(workflow) is WorkflowState.TERMINATING
    assert dies(engine, held) is Outcome.MAY_HAVE_RUN
    view = engine.state(workflow)
    assert (view.state, view.steps[1].state) == (WorkflowState.TERMINATED, StepState.FAILED)
    engine.restart(workflow)
    task = start_tasks(engine)[-1]
    assert len(start_tasks(engine)) == 2
    assert hold(engine, task, "worker-2") is Outcome.APPLIED
    end(engine, task)
    assert engine.state(workflow).state is WorkflowState.FINISHED


def test_each_item_of_an_iteration_has_its_own(engine: Client, held: HeldAttempts) -> None:
    workflow = engine.start("* m:A(- $on-lost: fail -)", [1, 2])
    turn(engine)
    first, second = start_tasks(engine)
    hold(engine, first)
    hold(engine, second, "worker-2")
    assert dies(engine, held) is Outcome.MAY_HAVE_RUN
    assert engine.state(workflow).reason.startswith("item 0: WorkerLostError")
    end(engine, second)


def test_players_begin_each_once(engine: Client) -> None:
    player, worker = Player(engine), LifecycleWorker(engine)
    worker.reader.ensure()
    workflow = engine.start("m:A(- $on-lost: fail -) → m:B(- $on-lost: fail -)")
    while player.turn() + worker.turn():
        pass
    assert engine.state(workflow).state is WorkflowState.FINISHED
    assert [task.base for task in player.played] == ["m:A", "m:B"]
