"""How a step's input and parameters become arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from inspect import Parameter, Signature
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from littleflow_redis.tasks.auto import Opening
from littleflow_redis.tasks.binding import Bind, BindError, bind
from littleflow_redis.tasks.shapes import SUPPLIED


def add(x: float, y: float = 0) -> None: ...
def both(x: float, y: float) -> None: ...
def three(x: float, y: float, z: float = 0) -> None: ...
def report(rows: list[Any], title: str = "Report") -> None: ...
def optional(x: float = 0, y: float = 0) -> None: ...
def keyword(x: float, *, y: float = 0) -> None: ...
def named(*, x: float, y: float = 0) -> None: ...
def variadic(*numbers: float) -> None: ...
def joined(*parts: str, sep: str = "") -> None: ...
def first(x: float, *others: float) -> None: ...
def from_two(x: float, y: float, *others: float) -> None: ...
def from_none(x: float = 0, *others: float) -> None: ...
def anything(*args: Any, **kwargs: Any) -> None: ...
def options(x: float, **rest: Any) -> None: ...
def only_options(**rest: Any) -> None: ...
def positional(a: float, b: float, /) -> None: ...
def abc(a: float, b: float, c: float) -> None: ...
def places(a: float, b: float, c: float, /) -> None: ...
def record(item: dict[str, Any]) -> None: ...
def nothing() -> None: ...


Expected = tuple[list[Any], dict[str, Any]]


def bound(function: Callable[..., None], *args: Any, begins: bool = False) -> Expected:
    signature = inspect.signature(function)
    name = getattr(function, "__name__", "partial")
    return bind(signature, *args, begins=begins, name=name)


NOTHING: Expected = ([], {})

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
    (add, 1, {"z": 1}, "unexpected keyword argument 'z'", "to its parameters"),
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
    (keyword, {"y": 1}, {"z": 1}, "unexpected keyword argument 'z'", "to its parameters"),
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


@given(signatures(), values, values, st.sampled_from(Bind), st.booleans())
def test_what_is_bound_is_accepted_and_no_parameter_is_lost(
    signature: Signature, input: Any, parameters: Any, mode: Bind, begins: bool
) -> None:
    try:
        args, kwargs = bind(signature, input, parameters, mode, begins=begins)
    except BindError:
        return
    arguments = signature.bind(*args, **kwargs).arguments
    if isinstance(parameters, dict):
        for name, value in parameters.items():
            assert value in (arguments.get(name), arguments.get("kwargs", {}).get(name))
    elif parameters is not None:
        own = parameters if isinstance(parameters, list) else [parameters]
        assert all(one in [*args, *kwargs.values()] for one in own)
    if mode is Bind.WHOLE:
        assert args[0] == input
    elif mode is Bind.SPREAD and isinstance(input, list):
        assert args[: len(input)] == input


@given(signatures(), values)
def test_how_much_came_never_decides(signature: Signature, parameters: Any) -> None:
    opening = Opening.of(signature, parameters)
    assert len({opening.row([0] * length, False) for length in range(5)}) == 1
