"""A local run: the same flows, without Redis, with nothing but Python functions."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from littleflow_redis import TaskListener, compile_text, run_local
from littleflow_redis.language import to_littleflow
from littleflow_redis.tasks.local import LocalFailure
from tests.tasks.functions import Math, add, double


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
    ("bind", "result"),
    [("auto", [1, 2, 9]), ("spread", [1, 2, 9]), ("whole", [[1, 2], 9]), ("none", [9])],
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
    [((1, 2), [1, 2]), ({1: "a"}, {"1": "a"}), (None, None), ([], []), (0, 0)],
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


def test_a_delay_takes_no_time_and_passes_its_input_on() -> None:
    assert run_local("<- 7 -> → wait:delay(- duration: 10d -) → double", {"double": double}) == 14


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
