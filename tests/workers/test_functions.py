"""Functions that serve steps: found by name, called, and whatever comes of it told as an end."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from littleflow_redis import current_task
from littleflow_redis.engine.model import json_values, task_events
from littleflow_redis.engine.model.task_events import EndTask, end_task
from littleflow_redis.workers.functions import Functions
from tests.workers.scenes import start_task


def add(x: float, y: float = 0) -> float:
    return x + y


def serving(
    *functions: Callable[..., Any], category: str = "math", bind: str | None = None
) -> Functions:
    served = Functions(category)
    for function in functions:
        served.add(function.__name__, function, bind)
    return served


def end_of(functions: Functions, base: str, **task: Any) -> dict[str, Any]:
    """The end of a task; the lifecycle worker can read it too."""
    fields = functions.run(start_task(base, **task), "me").fields()
    raw = {name.encode(): text.encode() for name, text in fields.items()}
    assert isinstance(end_task("1-0", raw), EndTask)
    return {name: json.loads(text) for name, text in fields.items()}


def test_a_function_gets_the_input_and_its_value_is_the_output() -> None:
    end = end_of(serving(add), "math:add", input=[2, 3])

    assert end.pop("at")
    assert end == {
        "kind": "end-task",
        "apiVersion": "v1",
        "workflow": "workflow:w",
        "index": 1,
        "name": "math:add",
        "token": "1.1-n",
        "status": "SUCCESS",
        "output": 5,
        "worker": "me",
    }


@pytest.mark.parametrize("name", ["weekly_summary", "weekly-summary"])
@pytest.mark.parametrize("base", ["report:weekly_summary", "report:weekly-summary"])
def test_a_dash_matches_an_underscore(name: str, base: str) -> None:
    served = Functions("report")
    served.add(name, lambda: "sunny")

    assert end_of(served, base)["output"] == "sunny"


def test_a_step_without_category_is_served_by_its_name() -> None:
    assert end_of(serving(add, category=""), "add", input=[1])["output"] == 1


def test_a_name_may_hold_colons() -> None:
    served = Functions("math")
    served.add("vector:add", add)

    assert end_of(served, "math:vector:add", input=[1, 1])["output"] == 2


def whole(value: Any) -> Any:
    return value


def test_the_decorator_binds_where_the_step_does_not() -> None:
    assert end_of(serving(whole, bind="whole"), "math:whole", input=[1, 2])["output"] == [1, 2]


def test_the_step_binds_otherwise_than_the_decorator() -> None:
    end = end_of(serving(add, bind="whole"), "math:add", input=[1, 2], options={"$bind": "spread"})

    assert end["output"] == 3


@pytest.mark.parametrize(
    ("run", "given", "output"),
    [("auto", [2], [2]), ("spread", [2], 2), ("auto", None, None), ("auto", {}, {})],
)
def test_the_run_binds_where_neither_says_how(run: str, given: Any, output: Any) -> None:
    """Runs that began before there was auto spread their inputs to their end."""
    assert end_of(serving(whole), "math:whole", input=given, bind=run)["output"] == output


def test_at_the_flow_s_start_nothing_comes() -> None:
    end = end_of(serving(whole), "math:whole", input={}, bind="auto", begins=True)

    assert "missing a required argument: 'value'" in end["reason"]


def test_arguments_that_do_not_fit_are_a_final_failure() -> None:
    end = end_of(serving(add), "math:add", input=[1, 2, 3])

    assert end["status"] == "FAILURE"
    assert end["retry"] is False
    assert "math:add(x, y=0)" in end["reason"]


def test_an_unknown_name_is_a_final_failure_that_names_close_matches() -> None:
    end = end_of(serving(add, whole), "math:ad")

    assert end["retry"] is False
    assert end["reason"] == "no function of the listener serves math:ad: did you mean math:add?"


def test_an_unknown_name_without_close_match_is_told_what_there_is() -> None:
    assert end_of(serving(add, whole), "math:x")["reason"].endswith("it has math:add, math:whole")
    assert "@listener.task" in end_of(serving(), "math:x")["reason"]


class OutOfStock(Exception):
    """An exception of the user's own."""


def order() -> NoReturn:
    raise OutOfStock("nails", 3)


def test_an_exception_is_a_failure_with_type_message_and_traceback() -> None:
    end = end_of(serving(order), "math:order")

    assert end["status"] == "FAILURE"
    assert "retry" not in end
    assert end["reason"] == "OutOfStock: ('nails', 3)"
    assert end["error"]["type"] == "OutOfStock"
    assert end["error"]["message"] == "('nails', 3)"
    assert "in order" in end["error"]["traceback"]
    assert "workers/functions.py" not in end["error"]["traceback"].replace(__file__, "")
    assert end["error"]["classes"] == [f"{__name__}.OutOfStock", "Exception"]


def read() -> NoReturn:
    raise FileNotFoundError(2, "no such file", "a")


def test_an_exception_is_of_all_its_classes() -> None:
    error = end_of(serving(read), "math:read")["error"]
    assert error["message"] == "[Errno 2] no such file: 'a'"
    assert error["classes"][0] == "FileNotFoundError"
    assert {"OSError", "IOError", "Exception"} < set(error["classes"])


def silent() -> NoReturn:
    raise ValueError


def unprintable() -> NoReturn:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    raise Mute


def recursion() -> Any:
    return recursion()


def long() -> NoReturn:
    raise ValueError("x" * 100_000)


def leave() -> NoReturn:
    sys.exit("done here")


def homeless() -> NoReturn:
    raise type("Homeless", (Exception,), {"__module__": None})("x")


def surrogate() -> NoReturn:
    raise FileNotFoundError("caf\udce9.txt")


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (silent, "ValueError"),
        (unprintable, "Mute: <exception str() failed>"),
        (recursion, "RecursionError: "),
        (long, "ValueError: xxx"),
        (leave, "SystemExit: done here"),
        (homeless, "Homeless: x"),
        (surrogate, "FileNotFoundError: caf\\udce9.txt"),
    ],
)
def test_whatever_a_function_raises_is_its_own_failure(
    function: Callable[..., Any], reason: str
) -> None:
    end = end_of(serving(function), f"math:{function.__name__}")

    assert end["reason"].startswith(reason)
    assert len(end["reason"]) <= task_events.MAX_REASON
    assert len(end["error"]["traceback"]) <= task_events.MAX_TRACEBACK
    error = end["error"]
    for text in (end["reason"], *error.pop("classes"), *error.values()):
        text.encode()


class Unreadable(dict[str, Any]):
    def items(self) -> NoReturn:
        raise RuntimeError("no items")


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (Unreadable(a=1), "no items"),
        (object(), "it holds a object"),
        (float("nan"), "not JSON compliant"),
        ({1, 2}, "it holds a set"),
        ("x" * json_values.MAX_OUTPUT, "bytes, more than"),
    ],
    ids=["unreadable", "object", "nan", "set", "large"],
)
def test_what_cannot_be_stored_is_a_final_failure(output: Any, reason: str) -> None:
    served = Functions("math")
    served.add("f", lambda: output)

    end = end_of(served, "math:f")

    assert end["status"] == "FAILURE"
    assert end["retry"] is False
    assert end["reason"].startswith("math:f returned what cannot be stored")
    assert reason in end["reason"]


async def asynchronous() -> None: ...


def test_an_async_function_is_refused_with_advice() -> None:
    with pytest.raises(TypeError, match=r"asyncio\.run"):
        serving(asynchronous)


def test_a_name_can_be_given_only_once() -> None:
    with pytest.raises(ValueError, match=r"math:add is served by .*add.*: give another name"):
        serving(add, add)


def test_an_unknown_way_to_bind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"sideways.*auto, whole, spread or none"):
        serving(add, bind="sideways")


def test_a_function_can_ask_which_task_it_runs_for() -> None:
    def key() -> str:
        task = current_task()
        return f"{task.workflow}:{task.index}:{task.token}"

    assert end_of(serving(key), "math:key")["output"] == "workflow:w:1:1.1-n"
    with pytest.raises(LookupError, match="no task runs here"):
        current_task()
