"""Templates: JSON values by key and number, and nothing else."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from littleflow_redis.engine.builtins.templates import BadTemplate, render

GIVEN: dict[str, Any] = {
    "input": {
        "id": 7, "name": "Ada", "a b": "spaced", "1": "one", "x]y": "bracket", "n": None,
        "list": [1, {"deep": [True, 2.5]}], "empty": "",
    },
    "parameters": {"x": "é"},
    "items": ["first", "second"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("my-{input[id]}", "my-7"),
        ('my-{input["id"]}', "my-7"),
        ("my-{input['id']}", "my-7"),
        ("{input[name]}/{parameters[x]}", "Ada/é"),
        ("{input[a b]}{input['x]y']}", "spacedbracket"),
        ("{input[1]}", "one"),
        ("{items[1]}", "second"),
        ("{input[list][1][deep][0]}", "true"),
        ("{input[list]}", '[1,{"deep":[true,2.5]}]'),
        ("{input[n]}{input[empty]}", "null"),
        ("{{{input[id]}}}", "{7}"),
        ("{{input[id]}}", "{input[id]}"),
    ],
)
def test_a_template_is_filled(template: str, text: str) -> None:
    assert render(template, GIVEN) == text


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{inputs[id]}", "there is no 'inputs': did you mean input?"),
        ("{zzz}", "there is no 'zzz': there is input, parameters, items"),
        ("{input[nam]}", "'input' has no 'nam': did you mean name?"),
        ("{input[id][x]}", "'input[id]' is neither an object nor a list"),
        ("{input[name][0]}", "'input[name]' is neither an object nor a list"),
        ("{items[2]}", "'items' has no item 2: it has 2, counted from 0"),
        ("{items[-1]}", "'items' is a list: write a number"),
        ("{items['0']}", "'items' is a list: write a number"),
        ("{items[١]}", "'items' is a list: write a number"),
        ("{items[" + "9" * 400 + "]}", "'items' is a list: write a number"),
        ("{input.id}", "cannot be read at '{input.'"),
        ("{input!r}", "cannot be read at '{input!'"),
        ("{input:>9}", "cannot be read at '{input:'"),
        ("{input[id]", "cannot be read at '{input[id]'"),
        ("{input[]}", "cannot be read at '{input['"),
        ("{}", "cannot be read at '{}'"),
        ("{", "cannot be read at '{'"),
        ("a } b", "has a lone }: write }} for a brace"),
        ("{input[__class__]}", "'input' has no '__class__'"),
    ],
)
def test_what_is_wrong_is_said(template: str, said: str) -> None:
    with pytest.raises(BadTemplate) as caught:
        render(template, GIVEN)
    assert said in str(caught.value)


def test_the_result_is_bounded() -> None:
    assert len(render("{input}" * 10, {"input": "x"}, limit=10)) == 10
    with pytest.raises(BadTemplate, match="more than 10 characters"):
        render("{input}" * 11, {"input": "x"}, limit=10)


@given(st.text(alphabet="{}[]'\"ab0.!:", max_size=30))
def test_any_text_is_filled_or_refused(template: str) -> None:
    with suppress(BadTemplate):
        assert isinstance(render(template, {"a": {"b": [0]}, "b": "{a}"}), str)


@given(st.text(max_size=50))
def test_escaped_text_stays_itself(text: str) -> None:
    assert render(text.replace("{", "{{").replace("}", "}}"), {}) == text
