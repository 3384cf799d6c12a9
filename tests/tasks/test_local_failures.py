"""A local run that fails: which step, why, what is tried again, and what is refused."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from littleflow_redis import UnsupportedFlow, compile_text, run_local
from littleflow_redis.engine.model import json_values
from littleflow_redis.tasks.local import LocalFailure
from tests.tasks.functions import Math, add


async def later() -> None: ...


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
    tasks = {"A": lambda x: 1 / x, "B": lambda items: items}

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
    [({1, 2}, "it holds a set"), ("x" * json_values.MAX_OUTPUT, "bytes, more than")],
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


def test_other_built_in_tasks_can_be_given_and_fail_as_in_the_engine() -> None:
    text = "request:get"

    assert run_local(text, {"request:get": lambda: "page"}) == "page"
    assert "request:get is a built-in task" in str(raised(text, {}))
    assert "wait:acquire needs name" in str(raised("wait:acquire", {}))
    assert "nobody sends events here" in str(raised("wait:event(- event: paid -)", {}))
    assert "wait:event needs a parameter event" in str(raised("wait:event", {}))


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
