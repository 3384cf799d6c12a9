"""A local run: the same flows, without Redis, with nothing but Python functions."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from littleflow_redis import TaskListener, UnsupportedFlow, compile_text, run_local
from littleflow_redis.engine import values
from littleflow_redis.language import to_littleflow
from littleflow_redis.tasks.local import LocalFailure


def add(x: float, y: float = 0) -> float:
    return x + y


def double(x: float) -> float:
    return 2 * x


async def later() -> None: ...


class Math:
    """Functions of a class serve steps as those of a module do."""

    @staticmethod
    def add(x: float, y: float) -> float:
        return x + y

    @staticmethod
    def weekly_sum(x: float, y: float) -> float:
        return x + y


def test_a_flow_runs_with_functions_by_name() -> None:
    assert run_local("math:add → math:double", {"math:add": add, "double": double}, [2, 3]) == 10


def test_a_name_with_its_category_comes_before_one_without() -> None:
    tasks = {"add": double, "math:add": add}

    assert run_local("math:add", tasks, [2, 3]) == 5
    assert run_local("text:add", tasks, 2) == 4


@pytest.mark.parametrize(
    "functions", [Math, Math(), sys.modules[__name__]], ids=["class", "object", "module"]
)
def test_a_module_a_class_and_an_object_have_functions(functions: object) -> None:
    assert run_local("math:add", functions, [2, 3]) == 5


@pytest.mark.parametrize("functions", [Math, {"math:weekly-sum": add}, {"weekly_sum": add}])
@pytest.mark.parametrize("step", ["math:weekly-sum", "math:weekly_sum"])
def test_a_dash_matches_an_underscore(functions: Any, step: str) -> None:
    assert run_local(step, functions, [2, 3]) == 5


def test_a_listener_s_functions_bind_as_it_says() -> None:
    listener = TaskListener("math", "text", url="redis://nowhere.invalid")
    listener.task("math:total", bind="whole")(sum)
    listener.task("text:length", bind="whole")(len)

    assert run_local("math:total", listener, [2, 3]) == 5
    assert run_local("text:length", listener, "four") == 4
    with pytest.raises(LocalFailure, match="serves other:total: did you mean math:total"):
        run_local("other:total", listener, [2, 3])


def test_the_file_of_a_flow_and_a_compiled_one_run_too(tmp_path: Path) -> None:
    (tmp_path / "a.flow").write_text("add → double")
    flow = compile_text("add → double")

    for given in (tmp_path / "a.flow", flow, to_littleflow(flow)):
        assert run_local(given, {"add": add, "double": double}, [1, 2]) == 6


def test_the_default_input_is_merged_under_the_given_one() -> None:
    text = "@flow sums (- {x: 1, y: 2} -)\nadd"

    assert run_local(text, Math) == 3
    assert run_local(text, Math, {"y": 5}) == 6


@pytest.mark.parametrize(
    ("bind", "result"), [("spread", [1, 2, 9]), ("whole", [[1, 2], 9]), ("none", [9])]
)
def test_arguments_are_bound_as_the_step_says(bind: str, result: Any) -> None:
    assert run_local(f"A(- {{last: 9, $bind: {bind}}} -)", {"A": collect}, [1, 2]) == result


def collect(*args: Any, last: int) -> list[Any]:
    return [*args, last]


def test_each_task_gets_values_of_its_own() -> None:
    """What one task does to its input and parameters is nothing to the others."""

    def grow(items: list[int], more: list[int]) -> list[int]:
        items.extend(more)
        more.clear()
        return items

    text = "A → { B(- {more: [3], $bind: whole} -) B(- {more: [4], $bind: whole} -) }"
    for _ in range(2):
        assert run_local(text, {"A": lambda: [1, 2], "B": grow}) == [[1, 2, 3], [1, 2, 4]]


@pytest.mark.parametrize(
    ("output", "received"),
    [((1, 2), [1, 2]), ({1: "a"}, {"1": "a"}), (None, {}), ([], []), (0, 0)],
)
def test_outputs_go_through_json(output: Any, received: Any) -> None:
    tasks = {"A": lambda: output, "B": lambda value: [value]}

    assert run_local("A → B(- $bind: whole -)", tasks) == [received]


def test_tasks_are_shown_as_the_engine_would_hand_them_out() -> None:
    shown: list[tuple[str, str, Any]] = []

    run_local(
        "A → { B C } → * A → D",
        dict.fromkeys("ABCD", lambda *values: values[0]),
        [7],
        on_task=lambda task: shown.append((task.name, task.token, task.input)),
    )

    assert shown == [
        ("A", "1.1-local", [7]),
        ("B", "1.1-local", 7),
        ("C", "1.1-local", 7),
        ("A", "1.1.0-local", 7),
        ("A", "1.1.1-local", 7),
        ("D", "1.1-local", [7, 7]),
    ]


def raised(text: str, functions: Any, input: Any = None) -> LocalFailure:
    with pytest.raises(LocalFailure) as caught:
        run_local(text, functions, input)
    return caught.value


def test_a_failure_names_the_step_and_keeps_its_cause() -> None:
    failure = raised("@flow sums\nA → B", {"A": list, "B": lambda: [][1]})

    assert str(failure) == "sums failed: step 2 (B): IndexError: list index out of range"
    assert failure.reasons == ("step 2 (B): IndexError: list index out of range",)
    assert failure.step is not None
    assert (failure.step.name, failure.step.line) == ("B", 2)
    assert isinstance(failure.__cause__, IndexError)


def test_a_failure_names_the_item_too() -> None:
    tasks = {"A": lambda x: 1 / x, "B": lambda *items: items}

    assert raised("* A", tasks, [1, 0]).reasons[0].startswith("step 1 (A): item 1: ZeroDivision")
    inner = raised("* { * B → * A }", tasks, [[1], [1, 0]])
    assert inner.reasons[0].startswith("step 3 (A): item 1: item 1: ZeroDivisionError")
    whole = raised("* { B → A }", tasks, [1, 0])
    assert whole.reasons[0].startswith("step 3 (A): item 1: ZeroDivisionError")


def test_arguments_that_do_not_fit_are_a_failure() -> None:
    failure = raised("add", Math, [1, 2, 3])

    assert "step 1 (add): cannot call add(x, y) with a list of 3" in str(failure)


@pytest.mark.parametrize(
    ("base", "sentence"),
    [
        ("math:ad", "no function serves math:ad: did you mean add?"),
        ("xyzzy", "no function serves xyzzy: add one; there is add, weekly_sum"),
        ("__init__", "no function serves __init__"),
    ],
)
@pytest.mark.parametrize("functions", [Math, {"add": add, "weekly_sum": add}], ids=["class", "map"])
def test_a_step_that_no_function_serves(functions: Any, base: str, sentence: str) -> None:
    failure = raised(f"{base}", functions, [1, 2])

    assert sentence in str(failure)


def test_there_may_be_no_function_at_all_or_very_many() -> None:
    assert str(raised("A", {})).endswith("add one; there is none")
    many = {f"name{number}": add for number in range(12)}
    assert str(raised("A", many)).endswith("name6, name7 and 2 more")


def test_an_async_function_is_refused_with_advice() -> None:
    assert "asyncio.run" in str(raised("later", sys.modules[__name__]))


@pytest.mark.parametrize(
    ("output", "reason"),
    [({1, 2}, "not JSON serializable"), ("x" * values.MAX_OUTPUT, "bytes, more than")],
    ids=["set", "large"],
)
def test_what_cannot_be_stored_is_a_failure(output: Any, reason: str) -> None:
    assert reason in str(raised("A", {"A": lambda: output}))


def test_inputs_have_the_engine_s_bound() -> None:
    large = "x" * 999_000
    text = "A → { " + "B " * 70 + "} → C"

    failure = raised(text, {"A": lambda: None, "B": lambda: large, "C": lambda *args: None})

    assert "its inputs are larger than 64 MB together" in str(failure)


def test_a_flow_that_cannot_go_on_says_what_it_waits_for() -> None:
    # Nothing leads to B, so C never has all its inputs.
    flow = compile_text("A → C")
    orphan = replace(flow[1], index=2, name="B", base="B", predecessors=(), successors=(3,))
    join = replace(flow[2], index=3, predecessors=(1, 2), successors=(4,))
    end = replace(flow[3], index=4, predecessors=(3,))
    steps = (flow[0], replace(flow[1], successors=(3,)), orphan, join, end)

    with pytest.raises(LocalFailure, match=r"stalled: step 3 \(C\) has 1 of 2 inputs") as caught:
        run_local(replace(flow, steps=steps), {"A": list})
    assert caught.value.step is None


def test_a_round_without_a_task_is_stopped() -> None:
    """The compiler refuses such a text; a flow that came otherwise must not spin."""
    flow = compile_text("A → :start")
    start = replace(flow[0], predecessors=(0,), successors=(0,), back=(0,))

    with pytest.raises(LocalFailure, match="a loop without a task in it"):
        run_local(replace(flow, steps=(start, *flow.steps[1:])), {})


def test_a_delay_takes_no_time_and_passes_its_input_on() -> None:
    assert run_local("<- 7 -> → wait:delay(- duration: 10d -) → double", {"double": double}) == 14


def test_other_built_in_tasks_can_be_given_and_fail_as_in_the_engine() -> None:
    text = "request:get"

    assert run_local(text, {"request:get": lambda: "page"}) == "page"
    assert "request:get is a built-in task" in str(raised(text, {}))
    assert "wait:delay needs one of duration" in str(raised("wait:delay", {}))


def test_a_retry_gets_the_input_anew() -> None:
    seen = []

    def use_up(items: list[int]) -> int:
        seen.append(list(items))
        items.clear()
        if len(seen) < 3:
            raise ConnectionError("not yet")
        return 7

    text = "A(- {$retry: {limit: 2, delay: 1h}, $bind: whole} -)"
    assert run_local(text, {"A": use_up}, [1, 2]) == 7
    assert seen == [[1, 2]] * 3


def test_what_is_final_is_not_retried() -> None:
    seen: list[str] = []

    with pytest.raises(LocalFailure, match="missing a required argument: 'y'"):
        run_local("add(- $retry: 3 -)", Math, 1, on_task=lambda task: seen.append(task.token))
    assert seen == ["1.1-local"]


def test_a_failure_can_be_an_output() -> None:
    text = "add(- $on-failure: continue -)"

    output = run_local(text, Math, 1)

    assert output["error"].pop("message").startswith("cannot call add(x, y)")
    assert output == {"error": {"type": "Error", "step": "add"}}
    assert run_local("A(- $on-failure: continue -)", {"A": lambda: 1 / 0}) == {
        "error": {"type": "ZeroDivisionError", "message": "division by zero", "step": "A"}
    }


def test_resources_are_refused_as_by_the_engine() -> None:
    with pytest.raises(UnsupportedFlow, match="let a task load or store"):
        run_local("<data.json> → A", {"A": add})


def test_ctrl_c_in_a_task_ends_the_run() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_local("A", {"A": interrupted})


def test_ten_thousand_items_and_a_thousand_rounds() -> None:
    numbers = list(range(10_000))
    assert run_local("* double", {"double": double}, numbers) == [2 * n for n in numbers]

    count: dict[str, Callable[..., Any]] = {"Add": lambda n: {"n": n + 1}}
    text = "? `$[?(@.n<1000)]` { Add → :start }"
    assert run_local(text, count, {"n": 0}) == {"n": 1000}


def test_a_celery_task_is_a_function_too() -> None:
    from celery import Celery

    app = Celery("shop", set_as_current=False)

    @app.task(bind=True)
    def price(self: Any, item: str, count: int = 1) -> list[Any]:
        return [self.name.rpartition(".")[2], item, count]

    result = run_local("shop:price(- count: 3 -)", SimpleNamespace(price=price), "tea")
    assert result == ["price", "tea", 3]


def test_no_server_is_needed() -> None:
    source = (
        "from littleflow_redis import run_local\n"
        "print(run_local('add → > B', {'add': lambda x: {'s': x}, 'B': lambda s: s}, 3))"
    )
    env = {"REDIS_URL": "redis://127.0.0.1:1"}
    shown = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, env=env)

    assert shown.stdout == "3\n", shown.stderr
