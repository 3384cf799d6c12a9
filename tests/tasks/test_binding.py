"""How a step's input and parameters become arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from littleflow_redis.tasks.binding import Bind, BindError, bind


def add(x: float, y: float = 0) -> None: ...
def keyword(x: float, *, y: float = 0) -> None: ...
def variadic(*numbers: float) -> None: ...
def anything(*args: Any, **kwargs: Any) -> None: ...
def options(x: float, **rest: Any) -> None: ...
def positional(a: float, b: float, /) -> None: ...
def record(item: dict[str, Any]) -> None: ...
def nothing() -> None: ...


Expected = tuple[list[Any], dict[str, Any]]


def bound(function: Callable[..., None], *args: Any) -> Expected:
    return bind(inspect.signature(function), *args, name=function.__name__)


@pytest.mark.parametrize(
    ("function", "input", "expected"),
    [
        (nothing, {}, ([], {})),
        (nothing, None, ([], {})),
        (nothing, {"unused": 1}, ([], {})),
        (add, [1, 2], ([1, 2], {})),
        (add, [1], ([1], {})),
        (add, 5, ([5], {})),
        (add, "text", (["text"], {})),
        (add, {"x": 1, "y": 2, "unused": 3}, ([], {"x": 1, "y": 2})),
        (keyword, {"x": 1, "y": 2}, ([], {"x": 1, "y": 2})),
        (variadic, [], ([], {})),
        (variadic, [1, 2, 3], ([1, 2, 3], {})),
        (variadic, {"unused": 1}, ([], {})),
        (anything, {"a": 1, "b c": 2}, ([], {"a": 1, "b c": 2})),
        (options, {"x": 1, "z": 2}, ([], {"x": 1, "z": 2})),
        (positional, {"b": 2, "a": 1, "unused": 3}, ([1, 2], {})),
    ],
)
def test_spread_is_the_default(function: Callable[..., None], input: Any, expected: Any) -> None:
    assert bound(function, input, {}) == expected


@pytest.mark.parametrize(
    ("function", "input", "parameters", "expected"),
    [
        (add, {"x": 1, "y": 2}, {"y": 3}, ([], {"x": 1, "y": 3})),
        (add, [1], {"y": 3}, ([1], {"y": 3})),
        (add, 1, [2], ([1, 2], {})),
        (add, {}, [1, 2], ([1, 2], {})),
        (add, [1], 2, ([1, 2], {})),
        (positional, {"a": 1, "b": 2}, {"b": 3}, ([1, 3], {})),
        (positional, {"a": 1}, [2], ([1, 2], {})),
        (positional, [1], {"b": 2}, ([1, 2], {})),
    ],
)
def test_parameters_come_on_top(
    function: Callable[..., None], input: Any, parameters: Any, expected: Any
) -> None:
    assert bound(function, input, parameters) == expected


@pytest.mark.parametrize("input", [{}, [], [1, 2], {"x": 1}, 5, None])
def test_whole_passes_the_input_as_the_first_argument(input: Any) -> None:
    assert bound(add, input, {"y": 1}, "whole") == ([input], {"y": 1})


def test_none_passes_nothing_of_the_input() -> None:
    assert bound(nothing, [1, 2], {}, "none") == ([], {})
    assert bound(add, [1, 2], {"x": 3}, "none") == ([], {"x": 3})


@pytest.mark.parametrize(
    ("function", "input", "parameters", "sentence"),
    [
        (add, {}, {}, "cannot call add(x, y=0) with nothing as input and nothing as parameters"),
        (add, {}, {}, "missing a required argument: 'x'"),
        (add, {}, {}, "add what is missing to its parameters"),
        (add, [1, "a", None], [{}], "a list of 3 (a number, a text, null) as input"),
        (add, [1, "a", None], [{}], "a list of 1 (an object) as parameters"),
        (add, 1, {"z": 1}, "unexpected keyword argument 'z'"),
        (add, 1, {"x": 1}, "multiple values for argument 'x'"),
        (record, {"a": 1, "b": 2}, {}, "set `$bind: whole`"),
        (record, [1, 2], {}, "set `$bind: whole`"),
        (nothing, [1], {}, "set `$bind: none`"),
    ],
)
def test_a_misfit_says_what_does_not_fit_and_what_to_do(
    function: Callable[..., None], input: Any, parameters: Any, sentence: str
) -> None:
    with pytest.raises(BindError) as caught:
        bound(function, input, parameters)
    assert sentence in str(caught.value)


def test_a_misfit_shows_no_values() -> None:
    with pytest.raises(BindError) as caught:
        bound(add, ["secret", "secret", "secret"], {"secret_key": "secret-value"})
    assert "secret-value" not in str(caught.value)
    assert "'secret'" not in str(caught.value)


def test_whole_is_advised_only_where_it_fits() -> None:
    with pytest.raises(BindError) as caught:
        bound(keyword, [1, 2], {"z": 1})
    assert "$bind" not in str(caught.value)


def test_an_unknown_mode_names_the_modes() -> None:
    with pytest.raises(BindError, match="spread, whole or none"):
        bound(add, 1, {}, "star")


NAMES = ("a", "b", "c", "d")
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
objects = st.dictionaries(st.sampled_from([*NAMES, "args", "kwargs", "other"]), scalars)
values = scalars | objects | st.lists(scalars, max_size=5)


@st.composite
def signatures(draw: st.DrawFn) -> Signature:
    """Any signature that Python allows with up to four parameters, ``*args`` and ``**kwargs``."""
    named = (
        Parameter.POSITIONAL_ONLY,
        Parameter.POSITIONAL_OR_KEYWORD,
        Parameter.KEYWORD_ONLY,
    )
    kinds = sorted(draw(st.lists(st.sampled_from(named), max_size=4)))
    parameters, optional = [], False
    for name, kind in zip(NAMES, kinds, strict=False):
        # After a default, only keyword-only parameters may be without one.
        must = optional and kind is not Parameter.KEYWORD_ONLY
        default = draw(st.just(0) if must else st.sampled_from([0, Parameter.empty]))
        optional = optional or default == 0
        parameters.append(Parameter(name, kind, default=default))
    if draw(st.booleans()):
        parameters.append(Parameter("args", Parameter.VAR_POSITIONAL))
    if draw(st.booleans()):
        parameters.append(Parameter("kwargs", Parameter.VAR_KEYWORD))
    return Signature(sorted(parameters, key=lambda parameter: parameter.kind))


@given(signatures(), values, values, st.sampled_from(Bind))
def test_what_is_bound_is_accepted_and_nothing_given_is_lost(
    signature: Signature, input: Any, parameters: Any, mode: Bind
) -> None:
    try:
        args, kwargs = bind(signature, input, parameters, mode)
    except BindError:
        return
    arguments = signature.bind(*args, **kwargs).arguments
    if isinstance(parameters, dict):
        for name, value in parameters.items():
            assert value in (arguments.get(name), arguments.get("kwargs", {}).get(name))
    elif isinstance(parameters, list):
        assert args[len(args) - len(parameters) :] == parameters
    if mode is Bind.WHOLE:
        assert args[0] == input
    elif mode is Bind.SPREAD and isinstance(input, list):
        assert args[: len(input)] == input
