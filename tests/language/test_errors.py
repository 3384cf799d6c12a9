"""What is said of a text that does not compile."""

from __future__ import annotations

import json
import pickle

import pytest

from littleflow_redis.language import FlowError, Limits, ProblemKind, compile_text

from .graphs import problem, problems


@pytest.mark.parametrize(
    ("text", "at", "message", "expected", "hint"),
    [
        ("A → → B", (1, 5), "unexpected '→'", "a task name or a subflow { … }", ""),
        ("A\n→", (2, 2), "the text ends too early", "a task name", ""),
        ("", (1, 1), "there is no step", "", "write one"),
        ("# nothing\n", (1, 1), "there is no step", "", "write one"),
        ("A [ B ]", (1, 3), "unexpected character '['", "", "curly brackets: { … }"),
        ("{ A → B", (1, 8), "the text ends too early", "}", "the { at 1:1 is not closed"),
        ("A } B", (1, 3), "unexpected '}'", "a statement", "nothing opens the }"),
        ("{ }", (1, 3), "unexpected '}'", "a statement", "a subflow holds a statement"),
        ("A (- x", (1, 3), "'(-' is never closed", "-)", ""),
        ("A (a: 1)", (1, 3), "unexpected character '('", "", "(- yaml -)"),
        ("<- a: 1 → A", (1, 1), "'<-' is never closed", "->", ""),
        ("@task A '''x\nA", (1, 9), "\"'''\" is never closed", "'''", ""),
        ("? `$.a B", (1, 3), "'`' is never closed", "`", ""),
        ("? A", (1, 3), "unexpected 'A'", "expression in back quotes", ""),
        ("A → <- x ->", (1, 5), "unexpected '<- x ->'", "a task name", "can only begin"),
        ("A → <x> → B", (1, 9), "unexpected '→'", "a statement", ""),
        ("A : x", (1, 3), "unexpected character ':'", "", "without a space"),
        ("A.b", (1, 2), "unexpected character '.'", "", "did you mean A:b? A name holds letters"),
        ("a -> tasks.check->b", (1, 11), "unexpected character '.'", "", "mean tasks:check? A"),
        ("my.app.tasks.check", (1, 3), "unexpected character '.'", "", "mean my:app:tasks:check? "),
        ("A. → b", (1, 2), "unexpected character '.'", "", "letters, digits"),
        ("A '''doc'''", (1, 3), "unexpected \"'''doc'''\"", "a statement", "behind a declaration"),
        ("A --> B", (1, 3), "unexpected character '-'", "", "→ or ->"),
        ("@task X { A } → B", (1, 15), "unexpected '→'", "a statement", "end it with ;"),
        ("{ A }(- x: 1 -)", (1, 6), "unexpected '(- x: 1 -)'", "an arrow", "behind the name"),
        ("A = B", (1, 3), "unexpected '='", "an arrow", "@task name = other"),
        ("A → :x :y :z", (1, 11), "unexpected ':z'", "", "one label before it"),
    ],
)
def test_syntax(text: str, at: tuple[int, int], message: str, expected: str, hint: str) -> None:
    found = problems(text)[0]
    assert (found.line, found.column) == at
    assert found.message.startswith(message)
    assert expected in found.expected
    assert hint in found.hint
    assert found.kind is ProblemKind.SYNTAX


def test_nothing_speaks_in_token_names() -> None:
    for text in ("A →", "A = B", "{", "? A", "@task", "@flow x = ", "A :x :y :z", "<> →"):
        for found in problems(text):
            assert not any(word.isupper() and len(word) > 1 for word in found.expected.split())


def test_how_an_error_looks() -> None:
    with pytest.raises(FlowError) as caught:
        compile_text("fetch :data → store;\n\t:dta → score", filename="f.flow")
    assert str(caught.value) == (
        "f.flow:2:2: unknown label :dta: it names no output here, and nothing leads to it\n"
        "    \t:dta → score\n"
        "    \t^\n"
        "  did you mean :data?"
    )


def test_the_caret_stands_under_wide_characters_and_in_long_lines() -> None:
    with pytest.raises(FlowError) as caught:
        compile_text("A(- 日本 -) ]")
    _, line, caret = str(caught.value).split("\n")[:3]
    assert caret.index("^") == line.index("]") + 2
    with pytest.raises(FlowError) as caught:
        compile_text(f"{'A → ' * 100}]{' → A' * 100}")
    _, line, caret = str(caught.value).split("\n")[:3]
    assert line[caret.index("^")] == "]"
    assert len(line) < 120


def test_reading_goes_on_behind_a_mistake() -> None:
    text = "A → → B\nC → D;\nE [ F ]\n{ G → → H }\n{ I → J }\n@taks K\nL(- a: *x -)\nM("
    assert [found.line for found in problems(text)] == [1, 3, 4, 6, 7, 8]


def test_as_many_as_the_limits_say_and_no_more() -> None:
    text = "A → ;\n" * 50
    assert len(problems(text)) == 20
    with pytest.raises(FlowError) as caught:
        compile_text(text, limits=Limits(problems=3))
    assert len(caught.value.problems) == 3


def test_problems_as_data() -> None:
    found = problem("A → :lable; :label B").as_dict()
    assert json.loads(json.dumps(found)) == {
        "line": 1,
        "column": 5,
        "kind": "label",
        "message": "unknown label :lable: it names no input here, and begins no statement",
        "expected": "",
        "hint": "did you mean :label?",
    }


def test_a_bad_guard_is_told_at_its_place() -> None:
    found = problem("A →\n ? `$[?(@.status==0)]` B")
    assert (found.line, found.column, found.kind) == (2, 18, ProblemKind.GUARD)
    assert found.hint == "equality is a single ="


def test_an_error_can_be_pickled() -> None:
    with pytest.raises(FlowError) as caught:
        compile_text("A →")
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert str(again) == str(caught.value)
    assert again.problems == caught.value.problems


def test_half_a_surrogate_pair_is_no_text() -> None:
    assert "surrogate" in problem("A\n \ud800").message
