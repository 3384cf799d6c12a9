"""`→ :start`: rounds."""

from __future__ import annotations

import pytest

from littleflow_redis.language import ProblemKind, compile_text

from .graphs import problem


def test_a_loop_leads_back_to_the_start() -> None:
    flow = compile_text("A → B → :start;\nD → :end")
    assert (flow[0].predecessors, flow[0].back, flow[0].threshold) == ((2,), (2,), 1)
    assert flow.edges == ((0, 1), (0, 3), (1, 2), (2, 0), (3, 4))


def test_a_loop_within_a_subflow() -> None:
    flow = compile_text("A → { B → :start; C } → D")
    start = flow[2]
    assert (start.predecessors, start.back, start.threshold) == ((1, 3), (3,), 1)


def test_a_merge_before_the_next_round() -> None:
    assert compile_text("A → > :start; B")[0].merge


def test_a_loop_without_an_end_is_a_warning() -> None:
    assert "until it is terminated" in compile_text("A → :start").warnings[0]
    assert "what follows it never fires" in compile_text("{ A → :start } → B").warnings[0]


@pytest.mark.parametrize(
    "text",
    [
        "A; { ? `$.x` C → :start; B }",
        "? `$.x` A → :start; B",
        "* A → :start; B",
        "? `$.x` { A } → :start; B",
        "* { A → B } → :start; C",
    ],
)
def test_a_round_without_a_task_is_refused(text: str) -> None:
    found = problem(text)
    assert found.kind is ProblemKind.LOOP
    assert "without a guard" in found.hint


@pytest.mark.parametrize(
    "text",
    [
        "? `$.x` A → B → :start; C",
        "{ A } → :start; C",
        "A → :start; ? `$.x` B → :start; C",
        "<in.json> → ? `$.x` A → :start; C",
    ],
)
def test_one_sure_task_is_enough(text: str) -> None:
    assert compile_text(text)[0].back
