"""A dry run: compile a text and check its input, without starting it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from littleflow_redis.language import Flow, FlowError, compile_text

from ..builtins.unsupported import refusal
from ..model.json_values import BadValue
from ..store.inputs import first_input


@dataclass(frozen=True, slots=True)
class DryRun:
    """``flow`` if the text compiles, ``error`` if it does not or cannot be run; ``refused`` says
    what is wrong with the input.
    """

    flow: Flow | None = None
    error: FlowError | None = None
    refused: str = ""

    @property
    def valid(self) -> bool:
        return self.error is None and not self.refused


def dry_run(text: str, input: Any = None) -> DryRun:
    """Compile a text and take its input, as a start would."""
    try:
        flow = compile_text(text)
    except FlowError as error:
        return DryRun(error=error)
    if refused := refusal(flow):
        return DryRun(flow=flow, error=refused)
    try:
        first_input(flow, input)
    except BadValue as error:
        return DryRun(flow=flow, refused=str(error))
    return DryRun(flow=flow)
