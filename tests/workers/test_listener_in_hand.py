"""TaskListener and what it has in hand: long tasks, what waits behind them, and a stop."""

from __future__ import annotations

import threading

from littleflow_redis import Client, StepState, TaskListener
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import wait_until
from tests.workers.calculator import calculator
from tests.workers.scenes import PATIENCE, names, wait_for_step


def test_a_long_task_does_not_hold_back_the_ends_of_short_ones(
    engine: Client, worker: LifecycleWorker
) -> None:
    listener, finish = calculator(engine), threading.Event()
    listener.task("wait")(lambda: finish.wait(PATIENCE))
    with listener:
        # Only who is known to be quick is handed several tasks at once.
        engine.wait(engine.start(names(["math:add(- [1] -)"] * 50)), timeout=PATIENCE)

        workflow = engine.start(names(["math:add(- [1] -)"] * 5 + ["math:wait"]))
        wait_for_step(engine, workflow, 7, StepState.RUNNING)
        for step in range(2, 7):
            wait_for_step(engine, workflow, step, StepState.ENDED)
        assert engine.state(workflow).steps[7].state is StepState.RUNNING

        finish.set()
        engine.wait(workflow, timeout=PATIENCE)


def test_what_waits_behind_a_long_task_goes_to_another_consumer(
    engine: Client, worker: LifecycleWorker
) -> None:
    finish, first, second = threading.Event(), *(
        TaskListener("math", client=engine, claim_idle=1.0) for _ in range(2)
    )  # fmt: skip
    calls: list[float] = []
    for listener in (first, second):
        listener.task("add")(calls.append)
        listener.task("wait")(lambda: finish.wait(PATIENCE))
    with first:
        engine.wait(engine.start(names(["math:add(- [1] -)"] * 50)), timeout=PATIENCE)
        workflow = engine.start(names(["math:wait"] + ["math:add(- [1] -)"] * 5))
        wait_for_step(engine, workflow, 2, StepState.RUNNING)
        with second:
            for step in range(3, 8):
                wait_for_step(engine, workflow, step, StepState.ENDED)
            assert engine.state(workflow).steps[2].state is StepState.RUNNING
            finish.set()
            engine.wait(workflow, timeout=PATIENCE)

    assert len(calls) == 55


def test_stop_finishes_what_is_in_hand_and_hands_back_the_rest(
    engine: Client, worker: LifecycleWorker
) -> None:
    listener, begun, finish = calculator(engine), threading.Event(), threading.Event()

    @listener.task
    def wait() -> None:
        begun.set()
        finish.wait(PATIENCE)

    listener.start()
    engine.wait(engine.start(names(["math:add(- [1] -)"] * 50)), timeout=PATIENCE)
    workflow = engine.start(names(["math:wait"] + ["math:add(- [1] -)"] * 5))
    assert begun.wait(PATIENCE)
    stopping = threading.Thread(target=listener.stop)
    stopping.start()
    wait_until(listener.stop_request.is_set, "it was asked to stop")
    finish.set()
    stopping.join(PATIENCE)

    wait_for_step(engine, workflow, 2, StepState.ENDED)
    # Who had to wait until it is stale would wait for ever.
    with calculator(engine, claim_idle=1000.0):
        engine.wait(workflow, timeout=PATIENCE)


def test_a_stopped_listener_can_be_started_again(engine: Client, worker: LifecycleWorker) -> None:
    listener = calculator(engine)
    for _ in range(2):
        with listener:
            assert engine.wait(engine.start("math:add(- [1] -)"), timeout=PATIENCE) == 1
    assert engine.redis.xinfo_consumers(engine.keys.events, "tasks:math") == []
