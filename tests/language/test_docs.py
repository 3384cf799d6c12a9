"""docs/: every flow compiles; what docs/language.md says of errors and limits is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from littleflow_redis.language import FlowError, compile_text, load, save

_DOCS = Path(__file__).parents[2] / "docs"
_PAGE = (_DOCS / "language.md").read_text("utf-8")
_OTHERS = [path.read_text("utf-8") for path in sorted((_DOCS / "how-to").glob("*.md"))]
_BLOCK = re.compile(r"^```(flow|flow-error)\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", re.M | re.S)
_BLOCKS = _BLOCK.findall(_PAGE)
_FLOWS = [block for page in (_PAGE, *_OTHERS) for block in _BLOCK.findall(page)]


def test_the_page_has_examples() -> None:
    assert len(_BLOCKS) > 30


@pytest.mark.parametrize("text", [text for kind, text, _ in _FLOWS if kind == "flow"])
def test_an_example_compiles(text: str) -> None:
    flow = compile_text(text)
    assert flow.warnings == ()
    assert load(save(flow)) == flow


@pytest.mark.parametrize(
    ("text", "said"), [(text, said) for kind, text, said in _BLOCKS if kind == "flow-error"]
)
def test_an_error_is_told_as_shown(text: str, said: str) -> None:
    with pytest.raises(FlowError) as caught:
        compile_text(text)
    assert str(caught.value) == said.rstrip("\n")


def test_the_limits_are_those_of_the_code() -> None:
    from littleflow_redis.language import DEFAULT_LIMITS

    for name, default in re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", _PAGE, re.M):
        assert getattr(DEFAULT_LIMITS, name) == int(default.replace(",", ""))
