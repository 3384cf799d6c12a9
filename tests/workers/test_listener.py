"""TaskListener: plain functions serve steps, in this process."""

from __future__ import annotations

import pytest

from littleflow_redis import Client, StepState, TaskListener, WorkflowFailed, WorkflowState
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.workers.calculator import calculator, read_all
from tests.workers.scenes import PATIENCE, events, names


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("concurrency", [1, 4])
class TestServing:
    def test_functions_serve_the_steps_of_a_workflow(
        self, engine: Client, concurrency: int
    ) -> None:
        given = "{ math:add(- [1, 2] -) math:times_ten(- [3] -) }"
        text = f"{given} → {{ math:add(- $bind: spread -) math:count }}"

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
        steps = [step for step in engine.state(workflow).steps if step.base]
        assert {step.attempts for step in steps} == {1}
        assert events(engine, "end-task") == [], "a listener applies its ends itself"


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
    engine.start("math:add(- [1] -) → text:upper")
    listener = calculator(engine)

    with pytest.raises(TimeoutError, match="does anybody serve the other steps"):
        listener.run_until_finished(timeout=0.1)
    listener.stop()


@pytest.mark.parametrize("concurrency", [1, 3])
def test_at_most_serves_so_many_and_no_more(engine: Client, concurrency: int) -> None:
    workflow = engine.start(names(["math:add(- [1] -) → math:times-ten"] * 5))
    listener = calculator(engine, concurrency=concurrency)

    def ended() -> int:
        steps = engine.state(workflow).steps
        return sum(step.state is StepState.ENDED for step in steps if step.base)

    assert listener.run_at_most(2) == 2

    assert ended() == 2
    assert listener.run_at_most(8) == 8
    assert ended() == 10
    assert listener.run_at_most(1, timeout=0.1) == 0
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
        (["math:add"], {}, "write only the part before the colon"),
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
