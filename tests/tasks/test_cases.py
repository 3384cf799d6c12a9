"""The inputs that are shown of a step: where none of them fits the call, no input does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import signature
from itertools import combinations
from typing import Any

import pytest

from littleflow_redis.language import compile_text
from littleflow_redis.tasks.auto import Row
from littleflow_redis.tasks.binding import Bind, BindError, bind
from littleflow_redis.tasks.cases import cases
from littleflow_redis.tasks.coming import Standing

from . import signatures
from .signatures import add, both, from_two, variadic


def shown(function: Callable[..., None], text: str, mode: str) -> list[tuple[str, str]]:
    """Inputs of the last step of a text, and their rows."""
    flow = compile_text(text)
    step = next(step for step in flow.steps if step.base == "last")
    standing = Standing(flow, step)
    return [(case.input, case.row) for case in cases("last", signature(function), mode, standing)]


@pytest.mark.parametrize(
    ("function", "lists"),
    [
        (both, [("[1, 2]", "spread"), ("[1, 2, 3]", "error")]),
        (add, [("[1]", "spread"), ("[1, 2]", "spread"), ("[1, 2, 3]", "error")]),
        (from_two, [("[1, 2]", "spread"), ("[1, 2, 3]", "spread")]),
        (variadic, [("[]", "spread"), ("[1]", "spread")]),
    ],
)
def test_a_list_that_is_too_long_is_shown_for_spread_too(
    function: Callable[..., None], lists: list[tuple[str, str]]
) -> None:
    """[1, 2] was all that was shown, as if any list would do."""
    assert shown(function, "* A → last", "spread") == lists


FUNCTIONS = [
    *(signatures.add, signatures.both, signatures.three, signatures.optional, signatures.keyword),
    *(signatures.named, signatures.variadic, signatures.first, signatures.from_two),
    *(signatures.options, signatures.only_options, signatures.positional, signatures.abc),
    *(signatures.places, signatures.record, signatures.nothing),
]
PARAMETERS = [
    "",
    "({})",
    "([7])",
    "([7, 8])",
    "(- x: 1 -)",
    "(- y: 1 -)",
    "(- b: 1 -)",
    "(- q: 1 -)",
]


@pytest.mark.parametrize("mode", list(Bind))
@pytest.mark.parametrize(
    ("before", "kinds"),
    [("A → ", (dict, list, int)), ("* A → ", (list,)), ("{ A B } → > ", (dict,))],
)
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_where_no_input_that_is_shown_fits_none_does(
    function: Callable[..., None], before: str, kinds: tuple[type, ...], mode: str
) -> None:
    """`check -A` makes such a step a problem: it must not be wrong about that."""
    for parameters in PARAMETERS:
        text = f"{before}last{parameters}"
        if any(row != Row.ERROR for _, row in shown(function, text, mode)):
            continue
        given = next(step.parameters for step in compile_text(text).steps if step.base == "last")
        for input in inputs(function):
            if isinstance(input, kinds):
                with pytest.raises(BindError):
                    bind(signature(function), input, given, mode)


def inputs(function: Callable[..., None]) -> Iterator[Any]:
    """All sorts: lists of any length, and objects with any of the names."""
    yield 1
    yield from (list(range(count)) for count in range(7))
    names = [*signature(function).parameters, "more"]
    for count in range(len(names) + 1):
        yield from (dict.fromkeys(some, 1) for some in combinations(names, count))
