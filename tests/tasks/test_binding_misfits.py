"""Inputs and parameters that fit no call: what is said, and what is advised."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from littleflow_redis.tasks.binding import BindError

from .signatures import (
    abc,
    add,
    both,
    bound,
    from_two,
    keyword,
    named,
    nothing,
    only_options,
    options,
    record,
    report,
    three,
)

#: Function, input, parameters, a part of the error; its end, where no other mode is advised.
MISFITS: list[tuple[Callable[..., None], Any, Any, str, str]] = [
    (both, {}, {}, "cannot call both(x, y) with {} as input and nothing as parameters", ""),
    (both, {}, {}, "missing a required argument: 'y'", "add what is missing to its parameters"),
    (both, [1, "a", None], {}, "with a list of 3 (a number, a text, null) as input", ""),
    (both, [1, 2, 3], {}, "a list of 3 came, and a list of 2 fits", "to its parameters"),
    (both, [], {}, "a list of 0 came, and a list of 2 fits", ""),
    (three, [1, 2, 3], {}, "a list of 3 came, and a list of 2 fits", "set `$bind: spread` in the"),
    (abc, [1, 2, 3], {"b": 4}, "a list of 3 came, and a list of 2 fits", ""),
    (from_two, [1], {}, "a list of 1 came, and a list of 2 or more fits", ""),
    (add, [1], [{}, 1], "a list of 2 (an object, a number) as parameters", "`$bind: none`"),
    (
        add,
        1,
        {"z": 1},
        "unexpected keyword argument 'z'",
        "; take 'z' out of the step's parameters",
    ),
    (report, [], {"titel": "T"}, "keyword argument 'titel'", "parameters: did you mean 'title'?"),
    (both, 1, {"Y": 2, "z": 1}, "missing a required", "'Y', 'z' out of the step's parameters: "),
    (add, 1, {"x": 1}, "multiple values for argument 'x'", "set `$bind: none` in the step's"),
    (both, 1, {"x": 1}, "multiple values for argument 'x'", "to its parameters"),
    (
        add,
        {"y": 3},
        {"x": 1},
        "multiple values for argument 'x'",
        "$bind: spread`; to pass nothing",
    ),
    (both, 1, [2, 3], "too many positional arguments", "set `$bind: none`"),
    (both, {}, [2, 3], "too many positional arguments", "set `$bind: none`"),
    (
        named,
        5,
        {},
        "nothing is open by place, and a number has no names",
        "`$bind: none` in the step",
    ),
    (named, None, {"x": 1}, "nothing is open by place, and null has no names", "set `$bind: none`"),
    (named, [1], {"x": 1}, "and a list of 1 (a number) has no names", "set `$bind: none`"),
    (only_options, [], {}, "and a list of 0 has no names", "set `$bind: none`"),
    (options, 5, {"x": 1}, "nothing is open by place", "set `$bind: none`"),
    (keyword, 5, {"x": 1}, "nothing is open by place", "set `$bind: none`"),
    (keyword, {"y": 1}, {"z": 1}, "unexpected keyword argument 'z'", "take 'z' out of the step's"),
    (record, Decimal(1), {"z": 1}, "a value of type Decimal as input", ""),
]


@pytest.mark.parametrize(("function", "input", "parameters", "sentence", "advice"), MISFITS)
def test_a_misfit_says_what_does_not_fit_and_what_to_do(
    function: Callable[..., None], input: Any, parameters: Any, sentence: str, advice: str
) -> None:
    with pytest.raises(BindError) as caught:
        bound(function, input, parameters)
    assert sentence in str(caught.value)
    assert advice in str(caught.value)
    assert ("`$bind:" in str(caught.value)) is ("$bind" in advice)


@pytest.mark.parametrize(
    ("function", "input", "parameters", "told"),
    [
        (record, {"a": 1, "b": 2}, {}, "set `$bind: whole`"),
        (record, [1, 2], {}, "set `$bind: whole`"),
        (nothing, [1], {}, "set `$bind: none`"),
    ],
)
def test_a_misfit_of_spread_says_what_else_would_fit(
    function: Callable[..., None], input: Any, parameters: Any, told: str
) -> None:
    with pytest.raises(BindError, match="as input and nothing as parameters") as caught:
        bound(function, input, parameters, "spread")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("function", "parameters", "advice"),
    [
        (both, {"x": 1}, "'y'; `$bind: none` passes nothing of the input: add what is missing to"),
        (both, [1, 2, 3], "arguments; take out of the step's parameters what the function does"),
        (both, {"x": 1, "z": 2}, "take 'z' out of the step's parameters"),
    ],
)
def test_with_bind_none_the_parameters_are_at_fault(
    function: Callable[..., None], parameters: Any, advice: str
) -> None:
    """The advice was to change the input, of which nothing is passed."""
    with pytest.raises(BindError) as caught:
        bound(function, 1, parameters, "none")
    assert advice in str(caught.value)
    assert "change what the step is given" not in str(caught.value)


def test_at_the_start_nothing_came() -> None:
    with pytest.raises(BindError, match=r"with nothing as input.*required argument: 'x'; change"):
        bound(add, {}, {}, begins=True)


def test_a_misfit_shows_no_values() -> None:
    with pytest.raises(BindError) as caught:
        bound(both, ["secret", "secret", "secret"], {"secret_key": "secret-value"})
    assert "secret-value" not in str(caught.value)
    assert "'secret'" not in str(caught.value)


def test_an_unknown_mode_names_the_modes() -> None:
    with pytest.raises(BindError, match="auto, whole, spread or none"):
        bound(add, 1, {}, "star")
