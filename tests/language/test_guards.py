"""Guards: what matches, against jsonpath2 as the judge; what they may cost."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonpath2.path import Path

from littleflow_redis.language import GuardError, check_guard, guard_matches


@pytest.mark.parametrize(
    ("expression", "value", "matches"),
    [
        ("$[?(@.status=0)]", {"status": 0}, True),
        ("$[?(@.status=0)]", {"status": 1}, False),
        ("$[?(@.status=0)]", {}, False),
        ("$[?(@.status=0)]", [{"status": 0}], False),
        ("$[*][?(@.status=0)]", [{"status": 1}, {"status": 0}], True),
        ("$[?(@.status>1)]", {"status": 2}, True),
        ("$[?(@.status>1)]", {"status": "2"}, False),
        ("$[?(not @.a)]", {"b": 1}, True),
        ("$[?(@.a=1 and @.b=2 or @.c=3)]", {"a": 1, "c": 3}, True),
        ("$[?(@.a=1 or @.b=2 and @.c=3)]", {"a": 1, "c": 4}, False),
        ('$[?(@.a.b="x")]', {"a": {"b": "x"}}, True),
        ("$.a", {"a": None}, True),
        ("$", {}, True),
        ("$..id", {"a": [{"id": 1}]}, True),
        ("$.a[1:]", {"a": [1]}, False),
        ("$[?(@.a[length()]=2)]", {"a": [1, 2]}, True),
        ('$[?(@.a=[1,{"b":2}])]', {"a": [1, {"b": 2}]}, True),
        ("$[0]", 5, False),
    ],
)
def test_what_matches(expression: str, value: Any, matches: bool) -> None:
    assert guard_matches(expression, value) is matches
    assert bool(list(Path.parse_str(expression).match(value))) is matches


@pytest.mark.parametrize(
    ("expression", "position", "hint"),
    [
        ("", 0, ""),
        ("@.a", 0, ""),
        ("$.", 2, ""),
        ("$[?(@.a==1)]", 8, "equality is a single ="),
        ("$[?(@.a='x')]", 8, "double quotes"),
        ("$[?(!@.a)]", 4, "write not"),
        ("$[?(@.a && @.b)]", 8, "and, or"),
        ("$.a b", 4, ""),
        ("$[frob()]", 2, "length"),
        ("$.not", 2, '["name"]'),
        ("$[1.5]", 2, ""),
        ("$[::0]", 5, ""),
        ("$[?(@.a=01)]", 9, ""),
    ],
)
def test_bad_expressions(
    expression: str, position: int, hint: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(GuardError) as caught:
        check_guard(expression)
    assert caught.value.position == position
    assert hint in f"{caught.value}; {caught.value.hint}"
    assert capfd.readouterr().err == ""


def test_the_cost_is_bounded() -> None:
    deep: Any = 1
    for _ in range(45):
        deep = [deep]
    with pytest.raises(GuardError, match="make it simpler"):
        guard_matches("$" + "[*,*]" * 40, deep)
    wide = {"a": list(range(1000))}
    with pytest.raises(GuardError, match="make it simpler"):
        guard_matches("$..*[?($..*=0)]", wide)
    assert guard_matches("$..*", [list(range(100_000))])


def test_deep_values_and_expressions_do_not_recurse() -> None:
    value: Any = 1
    for _ in range(50_000):
        value = [value]
    assert guard_matches("$..*", value)
    assert guard_matches("$[?(@=$)]", value)
    with pytest.raises(GuardError, match="levels"):
        check_guard("$[?(" + "(" * 500 + "1" + ")" * 500 + ")]")
    with pytest.raises(GuardError, match="more than 10000 characters"):
        check_guard("$" + ".a" * 6_000)


def test_reading_is_linear() -> None:
    begin = time.thread_time()
    for number in range(2_000):
        check_guard(f"$[?(@.status={number} and not (@.a or @.b))]")
    few = time.thread_time() - begin
    begin = time.thread_time()
    for number in range(20):
        check_guard("$[?(" + " and ".join(["@.a.b.c"] * 700) + f" and {number})]")
    assert time.thread_time() - begin < 20 * few


_names = st.sampled_from(["a", "b", "c"])
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, "a", "b", "xyz"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=12,
)
_whole = st.integers(-6, 6)
_constants = st.sampled_from(['"a"', '"xyz"', "0", "-1", "0.5", "true", "null", "[1]", '{"a":1}'])


@st.composite
def _slices(draw: st.DrawFn) -> str:
    start, end = (draw(st.none() | _whole) for _ in range(2))
    step = draw(st.none() | st.sampled_from([1, 2, 3, -1, -2]))
    shown = f"{'' if start is None else start}:{'' if end is None else end}"
    return shown if step is None else f"{shown}:{step}"


def _paths(conditions: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    selectors = st.one_of(
        _whole.map(str),
        _names.map('"{}"'.format),
        st.just("*"),
        _slices(),
        conditions.map("?({})".format),
        st.sampled_from(
            ["length()", "keys()", "values()", "entries()", "charAt(1)", "substring(1,2)", "@.a"]
        ),
    )
    brackets = st.lists(selectors, min_size=1, max_size=2).map(lambda some: f"[{','.join(some)}]")
    links = st.one_of(
        _names.map(".{}".format), st.just(".*"), brackets, brackets.map("..{}".format)
    )
    return st.lists(links, max_size=3).map("".join)


def _conditions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    paths = st.builds("{}{}".format, st.sampled_from("@$"), _paths(inner))
    operands = paths | _constants
    signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
    return st.one_of(
        operands,
        st.builds("{} {} {}".format, operands, signs, operands),
        inner.map("not {}".format),
        inner.map("({})".format),
        st.builds("{} and {}".format, inner, inner),
        st.builds("{} or {}".format, inner, inner),
    )


_expressions = _paths(st.recursive(st.just("@.a"), _conditions, max_leaves=4)).map("${}".format)


@settings(max_examples=400)
@given(_expressions, _values)
def test_the_same_as_jsonpath2(expression: str, value: Any) -> None:
    judged = bool(list(Path.parse_str(expression).match(value)))
    assert guard_matches(expression, value) is judged


@settings(max_examples=300)
@given(st.text(st.sampled_from('$@.*[]?()=<>!:,"ab01 -{}andornot'), max_size=30), _values)
def test_only_guard_errors_come_out(expression: str, value: Any) -> None:
    position = 0
    try:
        guard_matches(expression, value)
    except GuardError as error:
        position = error.position
    assert 0 <= position <= len(expression)
