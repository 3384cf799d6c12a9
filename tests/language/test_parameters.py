"""Parameters: YAML and JSON made plain, declarations merged, `$` options taken out."""

from __future__ import annotations

import json

import pytest

from littleflow_redis.language import Json, Limits, ProblemKind, compile_text
from littleflow_redis.language.options import read_options

from .graphs import problem, step


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("", {}),
        ("()", {}),
        ("(- -)", {}),
        ("(--)", {}),
        ("(- {start: 1, end: 10} -)", {"start": 1, "end": 10}),
        ("(-\nstart: 10\nend: 50\n-)", {"start": 10, "end": 50}),
        ("(-\n- 1\n- 2\n-)", [1, 2]),
        ("(- [1, -2.5, x, 'y', \"z\", ~, yes, on] -)", [1, -2.5, "x", "y", "z", None, True, True]),
        ("(- a-b: c-d -)", {"a-b": "c-d"}),
        ("(- 5 -)", 5),
        ('({"a": [1, {"b": null}]})', {"a": [1, {"b": None}]}),
        ("({})", {}),
        ("([1, [2]])", [1, [2]]),
        ("([])", []),
    ],
)
def test_values(written: str, value: Json) -> None:
    assert step(f"A{written}", "A").parameters == value


@pytest.mark.parametrize(
    ("yaml", "value"),
    [
        ("2024-01-31", "2024-01-31"),
        ("2024-01-31 10:00:00", "2024-01-31 10:00:00"),
        ("=", "="),
        ("0o7", "0o7"),
        ("010", 8),
        ("0x1F", 31),
        ("0b11", 3),
        ("1_000", 1000),
        ("1:30", 90),
        ("1:30.5", 90.5),
        ("-1.5", -1.5),
        ("1.5e+3", 1500.0),
        ("1e3", "1e3"),
        ("No", False),
        ("|\n  a\n  b\n", "a\nb"),
    ],
)
def test_yaml_scalars_are_read_as_littleflow_reads_them_but_dates_stay_text(
    yaml: str, value: Json
) -> None:
    assert step(f"A(-\nk: {yaml}\n-)", "A").parameters == {"k": value}


def test_keys_are_text_as_written() -> None:
    found = step("A(- {1: a, on: b, 1.5: c, 'd': d} -)", "A").parameters
    assert found == {"1": "a", "on": "b", "1.5": "c", "d": "d"}


@pytest.mark.parametrize(
    ("written", "at", "what"),
    [
        ("(- a: &x 1 -)", (1, 8), "anchors"),
        ("(- a: *x -)", (1, 8), "aliases"),
        ("(- !!python/name:os.system x -)", (1, 5), "tags"),
        ("(- a: !!int 3 -)", (1, 8), "tags"),
        ("(-\na: 1\nb: 2\na: 3\n-)", (4, 1), "twice"),
        ("(- {1: a, '1': b} -)", (1, 12), "twice"),
        ("(- <<: {a: 1} -)", (1, 5), "merge keys"),
        ("(- [a]: 1 -)", (1, 5), "a key must be"),
        ("(- .nan -)", (1, 5), "not a number that JSON knows"),
        ("(- .inf -)", (1, 5), "not a number that JSON knows"),
        ("(- 1.0e+999 -)", (1, 5), "not a number that JSON knows"),
        ("(-\na: 1\n---\nb: 2\n-)", (3, 1), "second document"),
        ("(-\n  a: [1\n-)", (3, 1), "cannot be read"),
        ('({"a": 1, "a": 2})', (1, 2), "twice"),
        ('({"a": NaN})', (1, 2), "NaN is not JSON"),
        ("([1, Infinity])", (1, 2), "not JSON"),
        ("([1e999])", (1, 2), "too large"),
        ("({a: 1})", (1, 4), "double quotes"),
        ('({"a": 1,\n"b" 2})', (2, 5), "delimiter"),
        ('({"a": "\\ud800"})', (1, 2), "surrogate"),
    ],
)
def test_what_is_refused(written: str, at: tuple[int, int], what: str) -> None:
    found = problem(f"A{written}")
    assert found.kind is ProblemKind.LITERAL
    assert (found.line, found.column) == at
    assert what in found.message


def test_numbers_without_end_are_refused() -> None:
    assert "number of more than" in problem(f"A(- {'1' * 5000} -)").message
    assert "cannot be read" in problem(f'A({{"a": {"1" * 5000}}})').message


def test_only_json_comes_out() -> None:
    text = "A(- {d: 2024-01-01, s: !x 1} -)".replace("!x ", "")
    json.dumps(step(text, "A").parameters, allow_nan=False)


def test_an_alias_has_a_base() -> None:
    found = step("@task X = lib:A (- {fruit: banana} -) '''doc'''\nX → B", "X")
    assert (found.base, found.category, found.parameters) == ("lib:A", "lib", {"fruit": "banana"})
    assert found.doc == "doc"


def test_a_steps_parameters_go_over_those_declared() -> None:
    text = "@task A (- {a: 1, b: 2, $timeout: 5, $retry: 1} -)\nA(- {b: 3, c: 4, $retry: 2} -)"
    found = step(text, "A")
    assert found.parameters == {"a": 1, "b": 3, "c": 4}
    assert found.options == {"$timeout": 5, "$retry": {"limit": 2}}
    assert step("@task A (- [1] -)\nA(- [2, 3] -)", "A").parameters == [2, 3]
    assert step("@task A (- a: 1 -)\nA()", "A").parameters == {"a": 1}


def test_parameters_of_another_kind_than_declared() -> None:
    found = problem("@task A (- a: 1 -)\nA([1])")
    assert (found.line, found.column, found.kind) == (2, 1, ProblemKind.DECLARATION)


def test_a_flow_declares_its_default_input() -> None:
    flow = compile_text("@flow f ({\"a\": 1, \"b\": 2})\n'''What it does'''\nA")
    assert (flow.name, flow.input, flow.doc) == ("f", {"a": 1, "b": 2}, "What it does")
    assert compile_text("A").input is None


def test_declarations_that_make_no_sense() -> None:
    assert "a second @flow" in problem("@flow a\n@flow b\nA").message
    assert "cannot be an alias" in problem("@flow a = b\nA").message
    assert "both an alias and a subflow" in problem("@task a = b { c }\na").message
    found = problem("@taks a\na")
    assert (found.message, found.hint) == ("unknown declaration '@taks'", "did you mean @task?")


def test_a_flow_declaration_takes_no_subflow() -> None:
    assert len(compile_text("@flow f\n{ A B } → C")) == 7


def test_warnings_of_declarations() -> None:
    assert "did you mean fetch?" in compile_text("@task fecth\nfetch").warnings[0]
    assert "declared twice" in compile_text("@task a\n@task a '''x'''\na").warnings[0]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("$retry: 3", {"$retry": {"limit": 3}}),
        (
            "$retry: {limit: 3, delay: 5, backoff: 2, max-delay: 1m, jitter: 0.5, on: ValueError}",
            {
                "$retry": {
                    "limit": 3,
                    "delay": 5,
                    "backoff": 2,
                    "max-delay": 60,
                    "jitter": 0.5,
                    "on": ["ValueError"],
                }
            },
        ),
        ("$retry: {limit: 1, except: [a.B, C]}", {"$retry": {"limit": 1, "except": ["a.B", "C"]}}),
        ("$timeout: 30", {"$timeout": 30}),
        ("$timeout: 1h30m", {"$timeout": 5400}),
        ("$timeout: 500ms", {"$timeout": 0.5}),
        ("$timeout: 1.5h 10s", {"$timeout": 5410}),
        ("$queue-timeout: 2d", {"$queue-timeout": 172_800}),
        ("$bind: whole", {"$bind": "whole"}),
        ("$concurrency: 5", {"$concurrency": 5}),
        ("$celery: {queue: slow}", {"$celery": {"queue": "slow"}}),
        (
            "$celery: {priority: 9, expires: 5m, serializer: yaml, headers: {tenant: {id: 7}}}",
            {
                "$celery": {
                    "priority": 9,
                    "expires": 300,
                    "serializer": "yaml",
                    "headers": {"tenant": {"id": 7}},
                }
            },
        ),
        ("$on-failure: continue", {"$on-failure": "continue"}),
        ("$on-lost: fail", {"$on-lost": "fail"}),
        ("$on-lost: retry", {"$on-lost": "retry"}),
    ],
)
def test_options(written: str, read: dict[str, Json]) -> None:
    found = step(f"A(-\nx: 1\n{written}\n-)", "A")
    assert found.parameters == {"x": 1}
    assert found.options == read
    assert read_options(found.options) == read


@pytest.mark.parametrize(
    ("written", "what", "hint"),
    [
        ("$retri: 3", "$retri is unknown", "did you mean $retry?"),
        ("$retry: x", "$retry needs a whole number", ""),
        ("$retry: -1", "$retry needs a whole number", ""),
        ("$retry: {delay: 3}", "$retry needs limit", ""),
        ("$retry: {limit: 1, dealy: 3}", "$retry dealy is unknown", "did you mean delay?"),
        ("$retry: {limit: 1, jitter: 2}", "$retry jitter needs", ""),
        ("$retry: {limit: 1, on: [1]}", "$retry on needs", ""),
        ("$timeout: soon", "$timeout needs a time", ""),
        ("$timeout: 0", "$timeout needs a time above 0", ""),
        ("$timeout: -5", "$timeout needs a time between", ""),
        ("$timeout: true", "$timeout needs a time", ""),
        ("$timeout: 1h x", "$timeout needs a time", ""),
        ("$bind: sprad", "$bind needs one of", "did you mean spread?"),
        ("$bind: [spread]", "$bind needs one of", ""),
        ("$concurrency: 0", "$concurrency needs", ""),
        ("$celery: slow", "$celery needs an object", ""),
        ("$celery: {queu: slow}", "$celery queu is unknown", "did you mean queue?"),
        ("$celery: {queue: ''}", "$celery queue needs text", ""),
        ("$celery: {queue: [a]}", "$celery queue needs text", ""),
        ("$celery: {priority: 256}", "$celery priority needs a whole number", ""),
        ("$celery: {priority: high}", "$celery priority needs a whole number", ""),
        ("$celery: {expires: 0}", "$celery expires needs a time above 0", ""),
        ("$celery: {expires: soon}", "$celery expires needs a time", ""),
        ("$celery: {serializer: pickle}", "$celery serializer cannot be pickle", "use json"),
        ("$celery: {headers: [a]}", "$celery headers needs an object", ""),
        ("$celery: {headers: {id: x}}", "$celery headers cannot have id", ""),
        ("$celery: {headers: {littleflow: x}}", "$celery headers cannot have littleflow", ""),
        ("$celery: {countdown: 3}", "$celery cannot have countdown", "put wait:delay"),
        ("$celery: {time_limit: 3}", "$celery cannot have time_limit", "use $timeout"),
        ("$on-failure: 3", "$on-failure needs", ""),
        ("$on-lost: fial", "$on-lost needs one of retry, fail", "did you mean fail?"),
        ("$on-lost: {fail: true}", "$on-lost needs one of retry, fail", ""),
    ],
)
def test_options_that_do_not_fit(written: str, what: str, hint: str) -> None:
    found = problem(f"A(- {written} -)")
    assert found.kind is ProblemKind.OPTION
    assert found.message.startswith(what)
    assert hint in found.hint


def test_limits_of_literals() -> None:
    deep = "[" * 51 + "]" * 51
    assert "more than 50 levels" in problem(f"A(- {deep} -)").message
    assert "more than 50 levels" in problem(f'A({{"a": {deep}}})').message
    with pytest.raises(ValueError, match="more than 10 characters"):
        compile_text("A(- abcdefghijk -)", limits=Limits(literal_size=10))
