"""Random acyclic flow texts: subflows, labels, merges, literals, duplicate names."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import strategies as st

#: Few names, so that they repeat.
NAMES = ("A", "B", "math:add", "get-it")


@dataclass
class _Scope:
    """Labels of one flow or subflow, in the order in which they may be used."""

    outputs: list[str] = field(default_factory=list)
    #: Input labels that later statements still have to define.
    owed: list[str] = field(default_factory=list)


@st.composite
def flow_texts(draw: st.DrawFn) -> str:
    """A text in which every step has a predecessor and no edge leads back."""
    counter = itertools.count()
    return _body(draw, counter, depth=0)


def _body(draw: st.DrawFn, counter: Iterator[int], depth: int) -> str:
    scope = _Scope()
    statements = [
        _statement(draw, counter, scope, depth) for _ in range(draw(st.integers(1, 4 - depth)))
    ]
    # Whoever was promised an input label gets it.
    statements += [f":{label} {_task(draw)} ;" for label in scope.owed]
    return "\n".join(statements)


def _statement(draw: st.DrawFn, counter: Iterator[int], scope: _Scope, depth: int) -> str:
    parts: list[str] = []
    if scope.outputs and draw(st.booleans()):
        parts.append(":" + draw(st.sampled_from(scope.outputs)))
    elif draw(st.integers(0, 5)) == 0:
        parts.append('<{ "lit": 1 }>')
    made: list[str] = []
    for position in range(draw(st.integers(1, 3))):
        parts.append(_step(draw, counter, scope, made, depth, merge=bool(parts) and position > 0))
    if draw(st.integers(0, 3)) == 0:
        label = f"i{next(counter)}"
        scope.owed.append(label)
        parts.append(":" + label)
    scope.outputs += made
    return " → ".join(parts) + " ;"


def _step(
    draw: st.DrawFn,
    counter: Iterator[int],
    scope: _Scope,
    made: list[str],
    depth: int,
    *,
    merge: bool,
) -> str:
    nested = depth < 2 and draw(st.integers(0, 3)) == 0
    text = "{ " + _body(draw, counter, depth + 1) + " }" if nested else _task(draw)
    if merge and draw(st.integers(0, 4)) == 0:
        text = "> " + text
    if draw(st.integers(0, 2)) == 0:
        label = f"o{next(counter)}"
        made.append(label)
        text += f" :{label}"
    return text


def _task(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(NAMES))
