"""What would come of a text, without starting it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from littleflow_redis.language import Flow, FlowError, compile_text

from .errors import UnsupportedFlow
from .inputs import first_input
from .support import unsupported
from .values import BadValue


@dataclass(frozen=True, slots=True)
class DryRun:
    """``flow`` if the text compiles, else ``error``; ``refused`` says why it could not start."""

    flow: Flow | None = None
    error: FlowError | None = None
    refused: str = ""

    @property
    def valid(self) -> bool:
        return self.flow is not None and not self.refused


def dry_run(text: str, input: Any = None) -> DryRun:
    """Compile a text and take its input, as a start would."""
    try:
        flow = compile_text(text)
    except FlowError as error:
        return DryRun(error=error)
    try:
        unsupported(flow)
        first_input(flow, input)
    except (UnsupportedFlow, BadValue) as error:
        return DryRun(flow=flow, refused=str(error))
    return DryRun(flow=flow)
