"""Whatever is written: a flow comes out, or a FlowError that can be shown."""

from __future__ import annotations

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from littleflow_redis.language import FlowError, Limits, compile_text, dot, load, mermaid, save

_WORDS = """
    → -> A B my:x-y :l :m :start :end ; { } | > * ? `$.a` `$[?(@.s=0)]` ` @flow @task @taks = ( )
    () (- -) ({ }) ({"a":1}) ([1]) <> <a> <- -> <{ }> <[ ]> < ''' '''doc''' # é [ ] . , \\ " ' - : 1
"""
_PHRASES = ["(- x: 1 -)", "(- *a -)", "(- $retry: 1 -)", "(- $foo: 1 -)", "# c\n", "\n", "\t"]
_ODD = ["\x00", "\ud800", "\u2028", '"""']
_PIECES = st.sampled_from([*_WORDS.split(), *_PHRASES, *_ODD])
_TEXTS = st.lists(_PIECES, max_size=25).map(" ".join) | st.lists(_PIECES, max_size=25).map("".join)
_SMALL = Limits(text_size=200, steps=12, edges=12, nesting=3, literal_size=20, literal_depth=2)


@settings(max_examples=1_000)
@example("A(- \x85 -)")
@example("A(- \ufeff -)")
@example('A({"a": "\\ud800"})')
@given(_TEXTS | st.text(max_size=40))
def test_only_flow_errors_come_out(text: str) -> None:
    for limits in (Limits(), _SMALL):
        try:
            flow = compile_text(text, limits=limits)
        except FlowError as error:
            _check_error(error, text)
        else:
            assert load(json.loads(json.dumps(save(flow)))) == flow
            assert mermaid(flow)
            assert dot(flow)


def _check_error(error: FlowError, text: str) -> None:
    assert error.problems
    assert str(error)
    lines = text.removeprefix("\ufeff").split("\n")
    for problem in error.problems:
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert problem.message
        json.dumps(problem.as_dict())


_BODIES = st.text(st.sampled_from("ab:-[]{},'\"\\u0d8 \n\t#&*!|>%@`?~1.e+_<="), max_size=40)


@settings(max_examples=500)
@given(_BODIES, st.sampled_from([("(-", "-)"), ("({", "})"), ("([", "])")]))
def test_only_json_comes_out_of_literals(body: str, marks: tuple[str, str]) -> None:
    text = f"A{marks[0]}{body}{marks[1]}"
    try:
        flow = compile_text(text)
    except FlowError as error:
        _check_error(error, text)
    else:
        json.dumps([step.parameters for step in flow.steps], allow_nan=False).encode()
