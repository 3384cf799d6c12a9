"""Labels: what they draw, and every mistake that can be made with them."""

from __future__ import annotations

import pytest

from littleflow_redis.language import ProblemKind, compile_text

from .graphs import edge_names, edges, problem, problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A :x → B → C;\n:x → D", {("A", "B"), ("B", "C"), ("A", "D")}),
        ("A :x → B → C → :x D", {("A", "B"), ("B", "C"), ("C", "D"), ("A", "D")}),
        ("A → :x; B → :x; :x C", {("A", "C"), ("B", "C")}),
        ("A → :x C; B → :x;", {("A", "C"), ("B", "C")}),
        ("A → :meet C → D\nB → :meet", {("A", "C"), ("C", "D"), ("B", "C")}),
        (":before → A → B\nD → :before", {("A", "B"), ("D", "A")}),
        ("A → :m; B → :m; C → :m; :m → D", {("A", "D"), ("B", "D"), ("C", "D")}),
        ("D → :j; :j → A; :j → B", {("D", "A"), ("D", "B")}),
        ("A :o → B → :i E; :o → D → :i", {("A", "B"), ("B", "E"), ("A", "D"), ("D", "E")}),
    ],
)
def test_what_labels_draw(text: str, expected: set[tuple[str, str]]) -> None:
    drawn = edge_names(compile_text(text))
    assert {edge for edge in drawn if all(edge)} == expected


def test_an_input_label_leaves_the_edge_from_the_start() -> None:
    assert edges("A → :x; :x C") == [(0, 1), (0, 2), (1, 2), (2, 3)]
    assert edges("A → :x; :x → C") == [(0, 1), (1, 2), (2, 3)]


def test_one_output_label_twice() -> None:
    found = problem("A :out → B\n:out → C")
    assert (found.line, found.column, found.kind) == (2, 1, ProblemKind.LABEL)
    assert "already, at 1:3" in found.message
    assert ";" in found.hint


def test_one_input_label_twice() -> None:
    assert ":x names an input already" in problem("D → :x A; :x B").message


@pytest.mark.parametrize("text", ["A :end", ":start A", "A → :end B", "A :start → B"])
def test_reserved_labels(text: str) -> None:
    assert "is reserved" in problem(text).message


def test_nothing_follows_the_end() -> None:
    assert problem(":end → A").hint == "nothing can follow the end"


def test_unknown_labels_with_the_close_match() -> None:
    found = problem("fetch :data → store;\n:dta → score")
    assert (found.line, found.column) == (2, 1)
    assert "unknown label :dta" in found.message
    assert found.hint == "did you mean :data?"
    assert "unknown label :nowhere" in problem("A → :nowhere").message


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("A :x → B; C → :x", 15),
        (":x A; B → :x; :x → C", 15),
        ("A → :x; B → :x; :x → C; :x → D", 13),
    ],
)
def test_a_label_in_two_roles(text: str, column: int) -> None:
    found = problem(text)
    assert "has two roles" in found.message
    assert found.column == column


@pytest.mark.parametrize("text", ["A :o → :x; :o → :x C", ":o → :x C; A :o → :x"])
def test_an_edge_drawn_twice(text: str) -> None:
    found = problem(text)
    assert found.kind is ProblemKind.EDGE
    assert found.message == "a second edge from A to C"


def test_an_edge_that_a_label_repeats_is_a_warning() -> None:
    flow = compile_text("A :x → :x B")
    assert flow.edges == ((0, 1), (1, 2), (2, 3))
    assert flow.warnings == ("1:3: the label :x draws an edge that an arrow draws already",)


def test_an_unused_label_is_a_warning() -> None:
    assert compile_text("A :x → B").warnings == ("1:3: the label :x is not used",)


def test_a_cycle_is_refused_with_the_way_out() -> None:
    found = problem("A → :x B → C → :x")
    assert found.kind is ProblemKind.CYCLE
    assert (found.line, found.column) == (1, 16)
    assert found.message.startswith("B waits for C")
    assert ":start" in found.hint
    assert "*" in found.hint
    assert problem("A → :x B :x").kind is ProblemKind.CYCLE


def test_all_mistakes_are_told_in_one_go() -> None:
    found = problems("A → :one;\nB → :two;\n:three → C;\n:start D")
    assert [item.line for item in found] == [1, 2, 3, 4]
