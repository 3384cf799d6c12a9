"""docs/language.md: every flow on the page runs, with functions that echo."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from littleflow_redis import run_local
from littleflow_redis.engine.model.errors import UnsupportedFlow
from littleflow_redis.language import StepKind, compile_text

_PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text("utf-8")
_FLOWS = re.findall(r"^```flow\n(.*?)^```\n", _PAGE, re.M | re.S)


def echo(*args: object, **named: object) -> object:
    """An object, so that merges and guards have something to look at."""
    return {"args": list(args), **named}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", _FLOWS)
def test_an_example_runs(text: str) -> None:
    flow = compile_text(text)
    functions = {step.base: echo for step in flow.steps if step.kind is StepKind.TASK}
    if any(step.kind in (StepKind.LOAD, StepKind.STORE) for step in flow.steps):
        with pytest.raises(UnsupportedFlow, match="cannot be run by this version yet"):
            run_local(text, functions, {})
    else:
        run_local(text, functions, {})
