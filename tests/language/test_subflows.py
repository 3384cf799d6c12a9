"""`{ }`, `A|B`, declared subflows, guards and iteration on them."""

from __future__ import annotations

from littleflow_redis.language import ProblemKind, StepKind, compile_text

from .graphs import edges, problem, problems, step, steps


def test_a_subflow_forks_and_joins() -> None:
    text = "A → { B C } → D"
    assert steps(text) == "start A { B C } D end"
    assert edges(text) == [(0, 1), (1, 2), (2, 3), (2, 4), (3, 5), (4, 5), (5, 6), (6, 7)]


def test_partner_and_parent() -> None:
    flow = compile_text("{ A { B } }")
    assert [step.partner for step in flow.steps] == [-1, 6, -1, 5, -1, 3, 1, -1]
    assert [step.parent for step in flow.steps] == [0, 0, 1, 1, 3, 1, 0, 0]


def test_start_and_end_are_those_of_the_subflow() -> None:
    assert edges("A → { :start → B → C → :end } → D") == edges("A → { B → C } → D")


def test_bars_are_short_for_a_subflow() -> None:
    assert edges("A → B|C|D → E") == edges("A → { B C D } → E")
    assert steps("A|B(- x: 1 -)") == "start { A B } end"


def test_marks_before_bars_are_for_all_of_them() -> None:
    start = compile_text("> ? `$.x` A|B :out → C")[1]
    assert (start.kind, start.merge, start.guard) == (StepKind.SUBFLOW_START, True, "$.x")
    assert compile_text("* A|B")[1].iterate


def test_labels_on_a_subflow_are_those_of_the_flow_around_it() -> None:
    assert (4, 5) in edges("A → :in { B } :out → C; :out → D")
    assert (4, 6) in edges("A → :in { B } :out → C; :out → D")
    assert edges("{ A } → :x; B → :x C") == [(0, 1), (0, 4), (1, 2), (2, 3), (3, 5), (4, 5), (5, 6)]


def test_labels_hold_within_their_brackets_only() -> None:
    found = problem("A :x → { :x → B }")
    assert found.kind is ProblemKind.LABEL
    assert "within its own { }" in found.hint


def test_a_declared_subflow_stands_in_place_of_its_name() -> None:
    text = "@task X '''both''' { A B → C }\nX → D"
    assert steps(text) == "start { A B C } D end"
    assert edges(text) == edges("{ A B → C } → D")
    start = compile_text(text)[1]
    assert (start.name, start.doc) == ("X", "both")


def test_declared_subflows_nest_and_repeat() -> None:
    text = "@task X { Y → Y } @task Y { A } X"
    assert steps(text) == "start { { A } { A } } end"


def test_an_alias_of_a_subflow_is_that_subflow() -> None:
    assert steps("@task X { A } @task Y = X\nY") == "start { A } end"


def test_a_subflow_takes_concurrency_and_nothing_else() -> None:
    text = "@task X (- $concurrency: 5 -) { A }\n* X → * X(- $concurrency: 7 -)"
    starts = [step for step in compile_text(text).steps if step.kind is StepKind.SUBFLOW_START]
    assert [start.options for start in starts] == [{"$concurrency": 5}, {"$concurrency": 7}]
    assert "cannot take parameters" in problem("@task X { A }\nX(- a: 1 -)").message
    assert "cannot take $retry" in problem("@task X (- $retry: 1 -) { A }\nX").message


def test_a_subflow_cannot_hold_itself() -> None:
    found = problem("@task X { Y }\n@task Y { A → X }\nX")
    assert (found.line, found.column) == (1, 7)
    assert "X → Y → X" in found.message
    assert "X → X" in problem("@task X { X }\nX").message
    assert "X → Y → X" in problem("@task X { Y }\n@task Y = X\nX").message


def test_an_inlined_bomb_stops_at_the_limit() -> None:
    text = "".join(f"@task X{n} {{ X{n + 1} X{n + 1} X{n + 1} }}\n" for n in range(20))
    (found,) = problems(f"{text} @task X20 {{ A }} X0")
    assert found.kind is ProblemKind.LIMIT


def test_iteration() -> None:
    assert step("* A → B", "A").iterate
    assert not step("* A → B", "B").iterate
    flow = compile_text("A → * { B → C  D } → E")
    assert [step.index for step in flow.steps if step.iterate] == [2]


def test_guards() -> None:
    flow = compile_text("A → ? `$[?(@.status=0)]` B → C")
    assert [step.guard for step in flow.steps] == [None, None, "$[?(@.status=0)]", None, None]
    assert compile_text("? `$.a` { B → C }")[1].guard == "$.a"
    both = compile_text("* ? `$.a` B")[1]
    assert both.iterate
    assert both.guard == "$.a"
