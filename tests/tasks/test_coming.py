"""What a flow tells of an input before there is any data."""

from __future__ import annotations

import pytest

from littleflow_redis.language import compile_text
from littleflow_redis.tasks.coming import Coming, ComingKind, coming

ANYTHING, OBJECT, LIST = Coming(), Coming(ComingKind.OBJECT), Coming(ComingKind.LIST)


def items(count: int) -> Coming:
    return Coming(ComingKind.LIST, count)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("last", ANYTHING),
        ("A → last", ANYTHING),
        ("<- 5 -> → last", Coming(ComingKind.VALUE, value=5)),
        ("<- null -> → { last }", Coming(ComingKind.VALUE, value=None)),
        ("A|B → last", items(2)),
        ("{ A B C } → { { last } D }", items(3)),
        ("A :x → B; :x → last", ANYTHING),
        ("A → :x; B → :x; :x → last", items(2)),
        ("{ A B } → > last", OBJECT),
        ("{ A B } → > { last }", OBJECT),
        ("A → > last", ANYTHING),
        ("* A → last", LIST),
        ("* { A B } → last", LIST),
        ("* ? `$` A → last", ANYTHING),
        ("A → ? `$` { B C } → last", ANYTHING),
        ("{ A B } → ? `$` last", items(2)),
        ("{ A B } → * last", ANYTHING),
        ("{ A B } → * { last }", ANYTHING),
        ("* A → > last", OBJECT),
        ("{ A B → > :end } → last", OBJECT),
        ("last → :start", ANYTHING),
    ],
)
def test_what_comes(text: str, expected: Coming) -> None:
    flow = compile_text(text)
    (last,) = (step for step in flow.steps if step.name == "last")
    assert coming(flow, last) == expected
