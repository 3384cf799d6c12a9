"""Statements, arrows, names, comments, literals."""

from __future__ import annotations

import pytest

from littleflow_redis.language import StepKind, compile_text

from .graphs import edges, step, steps


def test_a_chain() -> None:
    assert steps("A → B → C") == "start A B C end"
    assert edges("A → B → C") == [(0, 1), (1, 2), (2, 3), (3, 4)]


@pytest.mark.parametrize("text", ["A→B", "A->B", "A -> B", "A ->B", "A→\n\tB;", "A # c → x\n→ B"])
def test_arrows_may_stand_tight_and_over_lines(text: str) -> None:
    assert steps(text) == "start A B end"
    assert edges(text) == [(0, 1), (1, 2), (2, 3)]


def test_statements_run_side_by_side() -> None:
    assert edges("A → B → D\nC → D") == [
        (0, 1),
        (0, 4),
        (1, 2),
        (2, 3),
        (3, 6),
        (4, 5),
        (5, 6),
    ]


def test_one_step_twice_is_two_steps() -> None:
    assert steps("A → A") == "start A A end"


@pytest.mark.parametrize("name", ["a", "_x", "wait:event", "my:peel-banana", "if", "then", "A1-"])
def test_names(name: str) -> None:
    assert step(f"{name} → z", name).base == name


def test_a_category_is_what_stands_before_the_first_colon() -> None:
    assert step("wait:event:x", "wait:event:x").category == "wait"
    assert step("fetch", "fetch").category == ""


def test_start_and_end_may_be_written() -> None:
    assert edges(":start → A → :end") == edges("A")


def test_literals_begin_statements() -> None:
    text = '<> → A <- {a: 1} -> → B <{"b": [1]}> → C <[1, 2]> → D'
    values = [step.value for step in compile_text(text).steps if step.kind is StepKind.LITERAL]
    assert values == [{}, {"a": 1}, {"b": [1]}, [1, 2]]
    assert (0, 1) in edges(text)


def test_json_may_hold_its_own_closing_mark_within_a_string() -> None:
    assert step('A({"a": "})", "b": {"c": {}}})', "A").parameters == {"a": "})", "b": {"c": {}}}


def test_resources_become_steps() -> None:
    flow = compile_text("<in.json>(- type: x -) → A → > <http://h/out>")
    load, store = flow[1], flow[3]
    assert (load.kind, load.uri, load.base) == (StepKind.LOAD, "in.json", "resource:load")
    assert load.parameters == {"type": "x"}
    assert (store.kind, store.uri, store.base) == (StepKind.STORE, "http://h/out", "resource:store")
    assert store.merge
    assert flow.edges == ((0, 1), (1, 2), (2, 3), (3, 4))


def test_merge() -> None:
    assert step("> A", "A").merge
    assert not step("A", "A").merge
    assert compile_text("A → > :end")[-1].merge
    assert compile_text("A → > { B }")[2].merge
    assert step("A → > :x; :x B", "B").merge
    assert compile_text("A → > :x; :x { B }")[2].merge


def test_positions_are_kept() -> None:
    found = step("A →\n  B", "B")
    assert (found.line, found.column) == (2, 3)


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert steps("\ufeffA") == "start A end"
