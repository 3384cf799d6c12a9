"""`wait:acquire`, `wait:release`, `wait:countdown`: each attempt counts once, all who wait wake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.script_results import LatchAction
from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask, end_task, kind_of
from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.events.event_codec import decode
from littleflow_redis.events.script_batch import run_batch
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.faults import Plan, every_fault, faulty_client
from tests.support import LONG, RedisServer

from .support import Player, drive, due, run
from .test_crashes import CLAIM_IDLE, Mortal


class Stage:
    """A worker, and workflows that are moved as far as they go."""

    def __init__(self, engine: Client) -> None:
        self.engine = engine
        self.player = Player(engine)
        self.worker = LifecycleWorker(engine, claim_idle=CLAIM_IDLE)
        self.worker.reader.ensure()

    def start(self, text: str, input: Any = None, **options: Any) -> str:
        workflow = self.engine.start(text, input, **options)
        self.turn()
        return workflow

    def turn(self) -> None:
        while self.worker.turn() + self.player.turn() or self.due():
            pass

    def due(self) -> Sequence[bytes]:
        return due(self.engine)

    def count(self, name: str) -> int | None:
        held = self.engine.redis.get(self.engine.keys.latch + name)
        return None if held is None else int(held)  # type: ignore[arg-type]

    def state(self, workflow: str) -> WorkflowState:
        return self.engine.state(workflow).state

    @property
    def zeros(self) -> list[Any]:
        rows = self.engine.redis.xrange(self.engine.keys.events)
        return [
            decode(fields)["latch"]
            for _, fields in rows
            if kind_of(fields) == "countdown-latch-zero"
        ]


@pytest.fixture
def stage(engine: Client) -> Stage:
    return Stage(engine)


def private_keys(engine: Client) -> list[bytes]:
    return [*engine.redis.keys("workflow:*"), *engine.redis.keys("workflows:latch:*")]


def test_whoever_counts_down_goes_on_at_zero(stage: Stage) -> None:
    for _ in range(2):
        stage.start("wait:acquire(- name: jobs -)", {"x": 1})
    assert stage.count("jobs") == 2
    workflow = stage.start("wait:countdown(- name: jobs -) → A", {"x": 2})
    view = stage.engine.state(workflow)
    assert view.steps[1].state is StepState.WAITING
    stage.start("wait:release(- name: jobs -)")
    assert stage.state(workflow) is WorkflowState.RUNNING
    assert stage.zeros == []
    stage.start("wait:release(- name: jobs -)")
    assert stage.state(workflow) is WorkflowState.FINISHED
    assert stage.player.played[0].input == {"x": 2}
    assert stage.count("jobs") is None
    assert stage.zeros == ["jobs"]


def test_the_output_is_the_input(stage: Stage) -> None:
    for name in LatchAction:
        workflow = stage.start(f"wait:{name}(- name: a -)", {"big": 2**60, "list": []})
        if name is LatchAction.COUNTDOWN:
            stage.start("wait:release(- name: a -)")
        assert stage.engine.wait(workflow, timeout=LONG) == {"big": 2**60, "list": []}


@pytest.mark.parametrize("held", [None, "0", "-3"])
def test_nobody_waits_for_a_latch_that_nobody_holds(stage: Stage, held: str | None) -> None:
    if held is not None:
        stage.engine.redis.set(stage.engine.keys.latch + "free", held)
    workflow = stage.start("wait:countdown(- name: free -)")
    assert stage.state(workflow) is WorkflowState.FINISHED


def test_a_release_too_many_leaves_no_key(stage: Stage) -> None:
    stage.start("wait:release(- name: a -)")
    assert stage.count("a") is None
    assert stage.zeros == ["a"]


def test_a_latch_belongs_to_all_workflows_of_its_name(stage: Stage) -> None:
    stage.start("wait:acquire(- name: 'my-{input[id]}' -)", {"id": 5})
    stage.start("wait:acquire(- {name: 'my-{parameters[x]}', x: 6} -)")
    assert (stage.count("my-5"), stage.count("my-6")) == (1, 1)
    five = stage.start("wait:countdown(- name: 'my-{input[\"id\"]}' -)", {"id": 5})
    six = stage.start("wait:countdown(- name: my-6 -)")
    stage.start("wait:release(- name: my-5 -)")
    assert stage.state(five) is WorkflowState.FINISHED
    assert stage.state(six) is WorkflowState.RUNNING


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("{}", "wait:countdown needs name"),
        ("{nam: x}", "needs name, not nam"),
        ("{name: 5}", "needs name: the name of a latch"),
        ("{name: ' '}", "gives an empty name"),
        ("{name: '{input[idd]}'}", "name: 'input' has no 'idd': did you mean id?"),
        ("{name: '{input.id}'}", "cannot be read"),
        (f"{{name: {'x' * 501}}}", "more than 500 characters"),
        # The name cannot be sent to Redis: that was seen too late to fail the step, which hung.
        ("{name: 'x{input[half]}'}", r"name: 'x\ud800' contains a lone surrogate"),
    ],
)
def test_a_bad_name_fails_the_step_and_says_why(engine: Client, parameters: str, said: str) -> None:
    workflow, _ = run(engine, f"wait:countdown(- {parameters} -)", {"id": 1, "half": "\ud800"})
    assert said in engine.state(workflow).reasons[0]


@pytest.mark.parametrize("task", list(LatchAction))
def test_a_key_that_holds_something_else_is_left_alone(stage: Stage, task: LatchAction) -> None:
    key = stage.engine.keys.latch + "a"
    for value in ("text", "1.5", "9" * 40):
        stage.engine.redis.set(key, value)
        workflow = stage.start(f"wait:{task}(- name: a -)")
        assert "holds no count: delete the key" in stage.engine.state(workflow).reasons[0]
        assert stage.engine.redis.get(key) == value.encode()
    stage.engine.redis.delete(key)
    stage.engine.redis.lpush(key, "a list")
    workflow = stage.start(f"wait:{task}(- name: a -)")
    assert stage.state(workflow) is WorkflowState.FAILED


def test_a_start_task_that_comes_twice_counts_once(stage: Stage) -> None:
    redis, stream = stage.engine.redis, stage.engine.keys.events
    for text in ("wait:acquire(- name: a -) → B", "wait:countdown(- name: a -)"):
        workflow = stage.engine.start(text)
        (task,) = [
            fields
            for _, fields in redis.xrange(stream)
            if fields.get(b"workflow") == f'"{workflow}"'.encode()
            and kind_of(fields) == "start-task"
        ]
        for _ in range(3):
            redis.xadd(stream, task)  # type: ignore[arg-type]
        stage.turn()
    assert stage.count("a") == 1
    assert redis.zcard(next(iter(redis.keys("workflows:latch:*")))) == 1
    redis.xgroup_setid(stream, "ending", "0")
    stage.turn()
    assert stage.count("a") == 1
    stage.start("wait:release(- name: a -)")
    assert stage.state(workflow) is WorkflowState.FINISHED
    assert [e.what for e in stage.engine.trace(workflow) if e.field == "1"] == [
        "queue", "wait", "end",
    ]  # fmt: skip


def test_items_of_an_iteration_count_each(stage: Stage) -> None:
    stage.start("* wait:acquire(- name: a -)", [1, 2, 3])
    assert stage.count("a") == 3
    waiting = stage.start("* wait:countdown(- name: a -)", ["x", "y"])
    stage.start("* wait:release(- name: a -)", [1, 2, 3])
    assert stage.engine.wait(waiting, timeout=LONG) == ["x", "y"]


def test_a_thousand_that_wait_all_wake_once(stage: Stage) -> None:
    stage.start("wait:acquire(- name: a -)")
    holder = stage.start("* wait:countdown(- {name: a, $concurrency: 1000} -)", list(range(1000)))
    key = next(iter(stage.engine.redis.keys("workflows:latch:*")))
    assert stage.engine.redis.zcard(key) == 1000
    stage.start("wait:release(- name: a -)")
    assert stage.engine.wait(holder, timeout=LONG) == list(range(1000))
    ends = Counter(e.field for e in stage.engine.trace(holder) if e.what == "end")
    assert len(ends) == 1001
    assert set(ends.values()) == {1}
    assert stage.engine.redis.zcard(stage.engine.keys.timers) == 0
    assert not stage.engine.redis.exists(key)


def test_a_timeout_ends_the_wait(stage: Stage) -> None:
    stage.start("wait:acquire(- name: a -)")
    workflow = stage.start("wait:countdown(- {name: a, $timeout: 30} -)")
    for member in stage.engine.redis.zrange(stage.engine.keys.timers, 0, -1):
        stage.engine.redis.zadd(stage.engine.keys.timers, {member: 0})
    stage.turn()
    assert stage.engine.state(workflow).reasons == (
        "step 1 (wait:countdown): timed out after 30 s",
    )
    assert not stage.engine.redis.keys("workflows:latch:*")


def test_a_restart_waits_anew(stage: Stage) -> None:
    stage.start("wait:acquire(- name: a -)")
    workflow = stage.start("wait:countdown(- name: a -) → A", {"x": 1})
    for _ in range(2):
        stage.engine.terminate(workflow)
        stage.engine.restart(workflow)
        stage.turn()
        assert stage.engine.state(workflow).steps[1].state is StepState.WAITING
    (key,) = stage.engine.redis.keys("workflows:latch:*")
    assert stage.engine.redis.zcard(key) == 1
    stage.start("wait:release(- name: a -)")
    assert stage.state(workflow) is WorkflowState.FINISHED
    assert len(stage.player.played) == 1


def fail_once() -> Callable[[StartTask], object]:
    left = [ValueError("once")]

    def play(task: StartTask) -> object:
        if left:
            raise left.pop()
        return task.name

    return play


def test_what_comes_while_the_workflow_does_not_run_counts_at_its_restart(stage: Stage) -> None:
    workflow = stage.engine.start("{ F wait:acquire(- name: a -) }")
    stage.player.play = fail_once()
    stage.player.turn()
    rows = stage.engine.redis.xrange(stage.engine.keys.events)
    (end,) = [end_task(id.decode(), row) for id, row in rows if kind_of(row) == "end-task"]
    run_batch(stage.engine.redis, stage.engine.transitions.apply_ends([(end, "{}")], "ending"))
    assert stage.state(workflow) is WorkflowState.FAILED
    stage.turn()
    assert stage.count("a") is None
    stage.engine.restart(workflow)
    stage.turn()
    assert stage.state(workflow) is WorkflowState.FINISHED
    assert stage.count("a") == 1


def test_a_namespace_has_latches_of_its_own(client: redis.Redis) -> None:
    mine = Stage(Client(redis=client, keys=Keys(namespace="n:")))
    mine.start("wait:acquire(- name: a -)")
    waiting = mine.start("wait:countdown(- name: a -)")
    assert client.get("n:workflow:latch:a") == b"1"
    Stage(Client(redis=client)).start("wait:release(- name: a -)")
    assert mine.state(waiting) is WorkflowState.RUNNING
    mine.start("wait:release(- name: a -)")
    assert mine.state(waiting) is WorkflowState.FINISHED
    assert not client.exists("n:workflow:latch:a")


def test_a_worker_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    """Two hold the latch, three wait; whichever call fails, it opens once and all wake once."""
    engine = Client(redis=client)
    text = """
        wait:acquire(- name: a -) → * wait:acquire(- name: a -) → A → wait:release(- name: a -)
          → B → wait:release(- name: a -)
    """

    def scenario(plan: Plan) -> None:
        client.flushall()
        worker = Mortal(engine, Client(redis=faulty_client(redis_server, plan)))
        player = Player(engine)
        holder = engine.start(text, {"x": 1})
        while not engine.state(holder).steps[4].activations:
            worker.turn()
            player.turn()
        waiters = [engine.start("wait:countdown(- name: a -) → C") for _ in range(3)]
        for workflow in (holder, *waiters):
            assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED
        stage = Stage(engine)
        stage.turn()
        assert stage.zeros == ["a"]
        assert private_latches(engine) == []
        names = Counter(task.name for task in player.played)
        assert names == {"A": 1, "B": 1, "C": 3}

    assert sum(1 for _ in every_fault(scenario)) > 60


def private_latches(engine: Client) -> list[bytes]:
    return [*engine.redis.keys("workflow:latch:*"), *engine.redis.keys("workflows:latch:*")]
