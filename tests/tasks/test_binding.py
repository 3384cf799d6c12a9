"""How a step's input and parameters become arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from inspect import Parameter, Signature
from typing import Any

import pytest

from littleflow_redis.tasks.binding import bind
from littleflow_redis.tasks.shapes import SUPPLIED

from .signatures import (
    NOTHING,
    Expected,
    abc,
    add,
    anything,
    both,
    bound,
    first,
    from_none,
    from_two,
    joined,
    keyword,
    named,
    nothing,
    only_options,
    optional,
    options,
    places,
    positional,
    record,
    report,
    three,
    variadic,
)

#: Function, input, parameters, its call: row by row of the table in ``tasks/auto.py``.
ROWS: list[tuple[Callable[..., None], Any, Any, Expected]] = [
    # Nothing is open, and there is no *args or **kwargs.
    (nothing, {}, {}, NOTHING),
    (nothing, None, {}, NOTHING),
    (nothing, [1], {}, NOTHING),
    (nothing, {"unused": 1}, {}, NOTHING),
    (record, [1, 2], {"item": 3}, ([], {"item": 3})),
    (record, {"item": 4}, {"item": 3}, ([], {"item": 3})),
    (named, 5, {"x": 1, "y": 2}, ([], {"x": 1, "y": 2})),
    (positional, 5, {"a": 1, "b": 2}, ([1, 2], {})),
    # An object that has all open required parameters.
    (add, {"x": 1, "y": 2, "unused": 3}, {}, ([], {"x": 1, "y": 2})),
    (add, {"x": 1}, {"y": 2}, ([], {"x": 1, "y": 2})),
    (add, {"x": 1, "y": 2}, {"y": 3}, ([], {"x": 1, "y": 3})),
    (record, {"item": {}}, {}, ([], {"item": {}})),
    (both, {"y": 2}, {"x": 1}, ([], {"x": 1, "y": 2})),
    (keyword, {"x": 1, "y": 2}, {}, ([], {"x": 1, "y": 2})),
    (options, {"x": 1, "z": 2}, {}, ([], {"x": 1, "z": 2})),
    (first, {"x": 1, "others": 2}, {}, ([], {"x": 1})),
    (positional, {"b": 2, "a": 1, "unused": 3}, {}, ([1, 2], {})),
    (positional, {"a": 1, "b": 2}, {"b": 3}, ([1, 3], {})),
    (positional, {"a": 1}, [2], ([1, 2], {})),
    (abc, {"a": 1, "b": 2, "c": 3}, [9], ([1, 9], {"c": 3})),
    (places, {"a": 1, "c": 3}, 9, ([1, 9, 3], {})),
    (first, {"x": 1}, [8, 9], ([1, 8, 9], {})),
    # An object for **kwargs or keyword-only parameters, and no open positional one.
    (anything, {"a": 1, "b c": 2}, {}, ([], {"a": 1, "b c": 2})),
    (only_options, {"a": 1}, {"a": 2, "b": 3}, ([], {"a": 2, "b": 3})),
    (options, {"x": 5, "z": 2}, {"x": 1}, ([], {"x": 1, "z": 2})),
    (named, {"x": 1, "z": 2}, {}, ([], {"x": 1})),
    (keyword, {"y": 2}, {"x": 1}, ([], {"x": 1, "y": 2})),
    (keyword, {}, {"x": 1}, ([], {"x": 1})),
    (joined, {"sep": "-", "other": 1}, {}, ([], {"sep": "-"})),
    (only_options, {}, {}, NOTHING),
    # {} where no open parameter is required.
    (optional, {}, {}, NOTHING),
    (variadic, {}, {}, NOTHING),
    (add, {}, {"x": 1}, ([], {"x": 1})),
    # The items of a list.
    (both, [1, 2], {}, ([1, 2], {})),
    (both, (1, None), {}, ([1, None], {})),
    (positional, [1, 2], {}, ([1, 2], {})),
    (three, [1, 2], {}, ([1, 2], {})),
    (three, [1, 2], {"z": 3}, ([1, 2], {"z": 3})),
    (abc, [1, 2], [3], ([1, 2, 3], {})),
    (abc, [1, 3], {"b": 2}, ([1, 2, 3], {})),
    (places, [1, 3], {"b": 2}, ([1, 2, 3], {})),
    (places, [2, 3], {"a": 1}, ([1, 2, 3], {})),
    (from_two, [1, 2], {}, ([1, 2], {})),
    (from_two, [1, 2, 3, 4], {}, ([1, 2, 3, 4], {})),
    (variadic, [], {}, NOTHING),
    (variadic, [1, 2, 3], {}, ([1, 2, 3], {})),
    (variadic, [1, 2], [3], ([1, 2, 3], {})),
    (joined, ["a", "b"], {"sep": "-"}, (["a", "b"], {"sep": "-"})),
    (from_none, [1, 2, 3], {}, ([1, 2, 3], {})),
    (first, [2, 3], {"x": 1}, ([1, 2, 3], {})),
    (anything, [1, 2], {"a": 3}, ([1, 2], {"a": 3})),
    # Whole, as the first argument.
    (add, 5, {}, ([5], {})),
    (add, "text", {}, (["text"], {})),
    (add, None, {}, ([None], {})),
    (add, {}, {}, ([{}], {})),
    (add, [], {}, ([[]], {})),
    (add, [2, 3], {}, ([[2, 3]], {})),
    (add, {"y": 2}, {}, ([{"y": 2}], {})),
    (add, 1, [2], ([1, 2], {})),
    (add, [1], 2, ([[1], 2], {})),
    (add, [1], {"y": 3}, ([[1]], {"y": 3})),
    (report, ["row0", "row1"], {}, ([["row0", "row1"]], {})),
    (report, ["row0"], {}, ([["row0"]], {})),
    (report, ["row0", "row1", "row2"], {}, ([["row0", "row1", "row2"]], {})),
    (both, [2], {"y": 1}, ([[2]], {"y": 1})),
    (both, 2, [1], ([2, 1], {})),
    (both, [1, 2], [3], ([[1, 2], 3], {})),
    (positional, [1], {"b": 2}, ([[1], 2], {})),
    (optional, {"x": 1, "y": 2}, {}, ([{"x": 1, "y": 2}], {})),
    (optional, None, {}, ([None], {})),
    (variadic, {"unused": 1}, {}, ([{"unused": 1}], {})),
    (variadic, None, {}, ([None], {})),
    (first, [1, 2], {}, ([[1, 2]], {})),
    (keyword, {"y": 2}, {}, ([{"y": 2}], {})),
    (options, {"z": 2}, {}, ([{"z": 2}], {})),
    (options, [1, 2], {}, ([[1, 2]], {})),
    (anything, 5, {}, ([5], {})),
    (record, b"bytes", {}, ([b"bytes"], {})),
    (both, Decimal("1.10"), {"y": 1}, ([Decimal("1.10")], {"y": 1})),
    (variadic, b"bytes", {}, ([b"bytes"], {})),
    # What a partial has taken is not open, or has a default.
    (partial(both, 1), [2], {}, ([[2]], {})),
    (partial(both, y=1), [2], {}, ([[2]], {})),
    (partial(three, 1), [2], {"z": 3}, ([[2]], {"z": 3})),
]


@pytest.mark.parametrize(("function", "input", "parameters", "expected"), ROWS)
def test_the_flow_and_the_signature_decide(
    function: Callable[..., None], input: Any, parameters: Any, expected: Any
) -> None:
    assert bound(function, input, parameters) == expected
    assert bound(function, input, parameters, "auto") == expected


@pytest.mark.parametrize(
    ("function", "input", "parameters", "expected"),
    [
        (both, {}, [2, 3], ([2, 3], {})),
        (add, {}, {"x": 1}, ([], {"x": 1})),
        (both, {}, {"x": 1, "y": 2}, ([], {"x": 1, "y": 2})),
        (variadic, {}, 1, ([1], {})),
        (anything, {}, None, NOTHING),
        # Anything else is an input as anywhere.
        (add, [], {}, ([[]], {})),
        (add, None, {}, ([None], {})),
        (both, [2, 3], {}, ([2, 3], {})),
    ],
)
def test_nothing_comes_from_the_flow_s_start(
    function: Callable[..., None], input: Any, parameters: Any, expected: Any
) -> None:
    assert bound(function, input, parameters, begins=True) == expected


def supplied(function: Callable[..., None]) -> Signature:
    """As of a task under a decorator that takes anything."""
    signature = inspect.signature(function)
    missing = [
        p.replace(default=SUPPLIED) if p.default is Parameter.empty else p
        for p in signature.parameters.values()
    ]
    return signature.replace(parameters=missing)


@pytest.mark.parametrize(
    ("function", "input", "expected"),
    [
        (both, {"x": 1, "y": 2}, ([], {"x": 1, "y": 2})),
        (both, [1, 2], ([1, 2], {})),
        (both, [1], ([1], {})),
        (report, [1, 2], ([[1, 2]], {})),
        (both, {"x": 1}, ([{"x": 1}], {})),
    ],
)
def test_what_a_decorator_may_supply_decides_as_if_required_and_may_be_missing(
    function: Callable[..., None], input: Any, expected: Expected
) -> None:
    assert bind(supplied(function), input) == expected


@pytest.mark.parametrize(
    ("function", "input", "parameters", "expected"),
    [
        (nothing, None, {}, NOTHING),
        (add, {}, {"x": 1}, ([], {"x": 1})),
        (add, [1, 2], {}, ([1, 2], {})),
        (add, [1], {}, ([1], {})),
        (add, {"y": 2, "x": 1, "unused": 3}, {}, ([], {"x": 1, "y": 2})),
        (variadic, {"unused": 1}, {}, NOTHING),
        (anything, None, {}, NOTHING),
        (variadic, b"bytes", {}, ([b"bytes"], {})),
        (add, [1], {"y": 3}, ([1], {"y": 3})),
        (add, [1], 2, ([1, 2], {})),
        (positional, {"a": 1}, [2], ([1, 2], {})),
        (positional, [1], {"b": 2}, ([1, 2], {})),
    ],
)
def test_spread_follows_the_input(
    function: Callable[..., None], input: Any, parameters: Any, expected: Any
) -> None:
    assert bound(function, input, parameters, "spread") == expected


@pytest.mark.parametrize("input", [{}, [], [1, 2], {"x": 1}, 5, None])
def test_whole_passes_the_input_as_the_first_argument(input: Any) -> None:
    assert bound(add, input, {"y": 1}, "whole") == ([input], {"y": 1})


def test_none_passes_nothing_of_the_input() -> None:
    assert bound(nothing, [1, 2], {}, "none") == ([], {})
    assert bound(add, [1, 2], {"x": 3}, "none") == ([], {"x": 3})
