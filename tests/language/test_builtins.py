"""What the compiler says of built-in tasks and of templates."""

from __future__ import annotations

import pytest

from littleflow_redis.engine.builtins import BUILTINS
from littleflow_redis.engine.builtins.latch import LatchTask
from littleflow_redis.language import FlowError, Problem, ProblemKind, compile_text
from littleflow_redis.language.builtins import FILLED


def problem(text: str) -> Problem:
    with pytest.raises(FlowError) as found:
        compile_text(text)
    (only,) = found.value.problems
    return only


@pytest.mark.parametrize(
    ("parameters", "says", "hint"),
    [
        ("", "needs one of duration", ""),
        ("duration: 1, until: '2030-01-01'", "needs one of duration", ""),
        ("durations: 1", "needs one of duration", ""),
        ("duration: soon", "needs a time", ""),
        ("duration: -1", "needs a time", ""),
        ("until: tomorrow", "until: 'tomorrow' is no ISO 8601 time such as 2030", "duration: 1d"),
        ("until: '2030-01-31T08:00 Europe/Berlin'", "is no ISO 8601 time", "zone Europe/Berlin as"),
        ("until: '2030-01-31T08:00+25:00'", "is no ISO 8601 time", "zone +25:00 as hours from"),
        ("until: '2030-01-31 CET'", "is no ISO 8601 time", "zone CET as hours from UTC"),
        # In UTC it is a time that Python has not: whoever looked at the workflow got a ValueError.
        ("until: '9999-12-31T23:59:59-12:00'", "is after the year 9999 in UTC", ""),
        ("until: '9999-12-31T23:59:59.999999'", "is after the year 9999 in UTC", ""),
    ],
)
def test_a_delay_that_cannot_be(parameters: str, says: str, hint: str) -> None:
    found = problem(f"A →\n  wait:delay(- {{{parameters}}} -)")
    assert (found.line, found.column, found.kind) == (2, 3, ProblemKind.OPTION)
    assert found.message.startswith("wait:delay ")
    assert says in found.message
    assert hint in found.hint


def test_a_delay_under_another_name() -> None:
    """In a declared subflow it is told once, however often that is used."""
    text = "@task nap = wait:delay (- until: soon -)\n@task rest { nap }\nrest → rest"
    assert problem(text).message.startswith("nap until: 'soon' is no ISO 8601 time")


@pytest.mark.parametrize("until", ["2030-01-31", "2030-01-31T08:00Z", "2030-01-31 08:00:00+01:00"])
def test_a_delay_that_can_be(until: str) -> None:
    assert compile_text(f"wait:delay(- until: '{until}' -)").warnings == ()


@pytest.mark.parametrize("parameters", ["(- $retry: 3 -)", '({"$timeout": 3, "x": 1})'])
def test_options_of_a_whole_flow_are_refused(parameters: str) -> None:
    """They were data, and did nothing."""
    found = problem(f"@flow orders {parameters}\nA")
    assert (found.line, found.column, found.kind) == (1, 14, ProblemKind.OPTION)
    assert "means nothing for a whole flow" in found.message
    assert "@task" in found.hint


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        (
            "A(- x: {y: ['to {input[id]}']} -)",
            "1:1: A does not fill templates: {input[id]} reaches",
        ),
        ("A(- to: '{input[a][0]}' -)", "1:1: A does not fill templates: {input[a][0]} reaches"),
        ('A(["{input}"])', "1:1: A does not fill templates: {input} reaches"),
        ("wait:acquire(- {name: a, nme: '{input[id]}'} -)", "1:1: wait:acquire does not fill"),
        ("wait:acquire(- name: 'a-{input[id]}' -)", ""),
        ("A(- {x: '{inputs[id]} {0} {} input[id]', $retry: 3} -)", ""),
    ],
)
def test_templates_that_nobody_fills(text: str, warned: str) -> None:
    warnings = compile_text(text).warnings
    assert len(warnings) == bool(warned)
    assert all(warning.startswith(warned) for warning in warnings)


def test_which_tasks_fill_templates() -> None:
    latches = [task.name for task in BUILTINS.values() if isinstance(task, LatchTask)]
    assert dict.fromkeys(latches, "name") == FILLED
