"""TaskListener: plain functions serve steps, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import redis
from redis.exceptions import NoPermissionError, OutOfMemoryError

from littleflow_redis import Client, StepState, TaskListener, WorkflowFailed, WorkflowState
from littleflow_redis.workers.functions import Functions
from littleflow_redis.workers.lane import Lane
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.faults import Died, Fault, Plan, every_fault, faulty_client
from tests.support import RedisServer, wait_until
from tests.workers.scenes import events, lifecycle, names, pending, wait_for_step

#: Seconds; far beyond what anything here takes.
PATIENCE = 60.0


@pytest.fixture
def engine(client: redis.Redis) -> Client:
    return Client(redis=client)


@pytest.fixture
def worker(engine: Client) -> Iterator[LifecycleWorker]:
    with lifecycle(engine) as worker:
        yield worker


def calculator(engine: Client, **settings: Any) -> TaskListener:
    listener = TaskListener("math", client=engine, **settings)

    @listener.task
    def add(x: float, y: float = 0) -> float:
        return x + y

    @listener.task("times-ten")
    def multiply(x: float) -> float:
        return 10 * x

    @listener.task(bind="whole")
    def count(items: list[float]) -> int:
        return len(items)

    @listener.task
    def halve(x: float) -> float:
        raise ValueError(f"{x} is odd")

    return listener


def read_all(engine: Client, listener: TaskListener) -> int:
    """Turn the listener until it has read all there is; return how many tasks it has begun."""
    begun = 0

    def read() -> bool:
        nonlocal begun
        begun += listener.turn()
        assert pending(engine, "tasks:math") == 0
        (group,) = engine.redis.xinfo_groups(engine.keys.events)
        (last,) = engine.redis.xrevrange(engine.keys.events, count=1)
        return bool(group["last-delivered-id"] == last[0])

    wait_until(read, "all is read and acknowledged")
    listener.stop()
    return begun


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("concurrency", [1, 4])
class TestServing:
    def test_functions_serve_the_steps_of_a_workflow(
        self, engine: Client, concurrency: int
    ) -> None:
        text = "{ math:add(- [1, 2] -) math:times_ten(- [3] -) } → { math:add math:count }"

        with calculator(engine, concurrency=concurrency):
            output = engine.wait(engine.start(text), timeout=PATIENCE)

        assert output == [33, 2]

    def test_an_exception_fails_the_workflow_with_its_message(
        self, engine: Client, concurrency: int
    ) -> None:
        workflow = engine.start("math:halve", 3)

        with (
            calculator(engine, concurrency=concurrency),
            pytest.raises(WorkflowFailed, match="ValueError: 3 is odd"),
        ):
            engine.wait(workflow, timeout=PATIENCE)

    def test_many_steps_are_all_served_once(self, engine: Client, concurrency: int) -> None:
        workflow = engine.start(names(["math:add(- [1] -)"] * 500))

        with calculator(engine, concurrency=concurrency):
            output = engine.wait(workflow, timeout=PATIENCE)

        assert output == [1] * 500
        assert len(events(engine, "end-task")) == 500


def test_the_decorated_function_stays_as_it_is(engine: Client) -> None:
    listener = TaskListener("math", client=engine)

    def add(x: float) -> float:
        return x

    assert listener.task(add) is add
    assert listener.task("other")(add) is add


def test_until_finished_returns_when_no_workflow_is_in_progress(
    engine: Client, worker: LifecycleWorker
) -> None:
    workflow = engine.start("math:add(- [1, 2] -) → math:times-ten")
    listener = calculator(engine)

    listener.run_until_finished(timeout=PATIENCE)

    assert engine.state(workflow).output == 30
    listener.stop()


def test_until_finished_names_what_may_be_missing(engine: Client) -> None:
    engine.start("math:add(- [1] -)")
    listener = calculator(engine)

    with pytest.raises(TimeoutError, match="does a worker run"):
        listener.run_until_finished(timeout=0.1)
    listener.stop()


@pytest.mark.parametrize("concurrency", [1, 3])
def test_at_most_serves_so_many_and_no_more(engine: Client, concurrency: int) -> None:
    engine.start(names(["math:add(- [1] -)"] * 5))
    listener = calculator(engine, concurrency=concurrency)

    assert listener.run_at_most(2) == 2

    assert len(events(engine, "end-task")) == 2
    assert listener.run_at_most(9, timeout=0.2) == 3
    listener.stop()


def test_several_categories_are_served_by_one_listener(
    engine: Client, worker: LifecycleWorker
) -> None:
    listener = TaskListener("math", "text", client=engine)
    listener.task("text:join")(lambda *words: " ".join(map(str, words)))
    listener.task("math:join")(lambda *numbers: sum(numbers))
    listener.task("echo")(lambda value: value)
    workflow = engine.start("{ math:join(- [1, 2] -) text:echo(- [3] -) } → text:join → math:echo")

    with listener:
        assert engine.wait(workflow, timeout=PATIENCE) == "3 3"


def test_a_step_without_category_is_served_by_a_listener_without(
    engine: Client, worker: LifecycleWorker
) -> None:
    listener = TaskListener(client=engine)
    listener.task("hello")(lambda: "world")

    with listener:
        assert engine.wait(engine.start("hello"), timeout=PATIENCE) == "world"


def test_what_is_not_of_its_category_is_acknowledged_and_left_alone(engine: Client) -> None:
    other = engine.start("text:upper → math:add")
    engine.send_event("something", {"x": 1})

    assert read_all(engine, calculator(engine)) == 0
    assert engine.state(other).steps[1].state is StepState.QUEUED


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": '"start-task"'},
        {"kind": '"start-task"', "base": "math:add"},
        {"kind": '"start-task"', "base": "[1]"},
        {"kind": '"start-task"', "base": '"math:add"'},
        {"kind": '"start-task"', "base": '"math:add"', "name": '"math:add"', "index": "1",
         "workflow": '"workflows:run"'},
        {"kind": "\xff"},
        {"anything": "else"},
    ],
)  # fmt: skip
def test_garbage_is_acknowledged(engine: Client, fields: dict[str, str]) -> None:
    engine.redis.xadd(engine.keys.events, fields)  # type: ignore[arg-type]

    assert read_all(engine, calculator(engine)) == 0


def test_a_name_that_nobody_serves_fails_for_good(engine: Client, worker: LifecycleWorker) -> None:
    workflow = engine.start("math:ad")

    with calculator(engine), pytest.raises(WorkflowFailed, match=r"did you mean math:add\?"):
        engine.wait(workflow, timeout=PATIENCE)


def test_partial_listeners_share_a_category(engine: Client, worker: LifecycleWorker) -> None:
    adders = TaskListener("math", client=engine, group="adders", partial=True)
    adders.task("add")(lambda x, y: x + y)
    others = TaskListener("math", client=engine, group="others", partial=True)
    others.task("negate")(lambda x: -x)

    with adders, others:
        assert engine.wait(engine.start("math:add → math:negate", [1, 2]), timeout=PATIENCE) == -3


@pytest.mark.parametrize(
    ("categories", "settings", "advice"),
    [
        (["math:add"], {}, "write only what stands before the colon"),
        (["wait"], {}, "is built in: choose another name"),
        (["math"], {"concurrency": 0}, "set it to 1 or more"),
        (["math"], {"partial": True}, "set group="),
    ],
)
def test_settings_that_cannot_be_are_refused_with_advice(
    engine: Client, categories: list[str], settings: dict[str, int], advice: str
) -> None:
    with pytest.raises(ValueError, match=advice):
        TaskListener(*categories, client=engine, **settings)  # type: ignore[arg-type]


def test_a_terminated_workflow_s_tasks_are_not_begun(engine: Client) -> None:
    workflow = engine.start("math:add(- [1] -)")
    assert engine.terminate(workflow) is WorkflowState.TERMINATED

    assert read_all(engine, calculator(engine)) == 0
    assert events(engine, "end-task") == []


def test_what_another_group_has_taken_is_left_to_it(engine: Client) -> None:
    engine.start("math:add(- [1] -)")
    first = calculator(engine)
    assert first.run_at_most(1) == 1
    second = TaskListener("math", client=engine, group="second")
    second.task("add")(lambda x: x)

    assert second.turn() == 0

    first.stop()
    second.stop()


def test_end_and_acknowledgement_are_one(engine: Client, redis_server: RedisServer) -> None:
    """A listener that may not acknowledge must not be able to write an end either."""
    workflow = engine.start("math:add(- [1] -)")
    engine.redis.execute_command("ACL SETUSER clerk on nopass ~* &* +@all -xack")
    settings = redis_server.url.replace("redis://", "redis://clerk:any@")
    listener = calculator(Client(settings))
    try:
        with pytest.raises(NoPermissionError):
            read_all(engine, listener)
        wait_for_step(engine, workflow, 1, StepState.RUNNING)
        assert events(engine, "end-task") == []

        engine.redis.execute_command("ACL SETUSER clerk +xack")
        assert read_all(engine, listener) == 0
        assert len(events(engine, "end-task")) == 1
    finally:
        engine.redis.execute_command("ACL DELUSER clerk")


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


def test_a_deleted_group_is_made_anew(engine: Client, worker: LifecycleWorker) -> None:
    with calculator(engine):
        engine.wait(engine.start("math:add(- [1] -)"), timeout=PATIENCE)
        engine.redis.xgroup_destroy(engine.keys.events, "tasks:math")
        assert engine.wait(engine.start("math:add(- [2] -)"), timeout=PATIENCE) == 2


@pytest.mark.parametrize("concurrency", [1, 2])
def test_a_restart_of_redis_loses_nothing(own_server: type[RedisServer], concurrency: int) -> None:
    server = own_server("--appendonly", "yes", "--appendfsync", "always")
    engine = Client(server.url)
    listener, begun, finish = calculator(engine, concurrency=concurrency), *(
        threading.Event() for _ in range(2)
    )  # fmt: skip

    @listener.task
    def wait() -> str:
        begun.set()
        finish.wait(PATIENCE)
        return "waited"

    with listener:
        workflow = engine.start("math:wait → math:count")
        assert begun.wait(PATIENCE)
        server.kill()
        finish.set()
        server.start()
        with lifecycle(engine):
            assert engine.wait(workflow, timeout=PATIENCE) == 6


def test_a_redis_without_memory_is_waited_for(own_server: type[RedisServer]) -> None:
    server = own_server()
    engine = Client(server.url)
    workflow = engine.start(names(["math:add(- [1] -)"] * 3))
    listener = calculator(engine, claim_idle=0.1)
    with server.client() as admin:
        admin.config_set("maxmemory", 1)
        for _ in range(10):
            # An error of the call, or, before Redis 7, of the script: both change nothing.
            with suppress(OutOfMemoryError):
                assert listener.turn() == 0
        admin.config_set("maxmemory", 0)

    with lifecycle(engine):
        listener.run_until_finished(timeout=PATIENCE)

    assert engine.state(workflow).output == [1, 1, 1]
    listener.stop()


def test_a_listener_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    engine = Client(redis=client)

    def lane(door: Client, claim_idle: float) -> Lane:
        functions = Functions("math")
        functions.add("f", lambda *numbers: sum(numbers) + 1, "spread")
        return Lane(door, "tasks:math", functions, claim_idle=claim_idle)

    def scenario(plan: Plan) -> None:
        client.flushall()
        worker = LifecycleWorker(engine)
        # Who lives on needs nobody to claim what lies under its own name.
        claim_idle = 100.0 if plan.fault is Fault.LOSE_REPLY else 0.05
        serving = lane(Client(redis=faulty_client(redis_server, plan)), claim_idle)
        workflow = engine.start("{ math:f(- [1] -) math:f(- [2] -) } → math:f")
        deadline = time.monotonic() + PATIENCE
        while not engine.views.state(workflow).ended:
            assert time.monotonic() < deadline, engine.state(workflow)
            try:
                serving.turn()
            except redis.ConnectionError:
                pass
            except Died:
                serving = lane(engine, claim_idle)
            worker.turn()
        assert engine.state(workflow).output == 6
        assert [step.activations for step in engine.state(workflow).steps] == [1] * 7

    assert sum(1 for _ in every_fault(scenario)) > 20
