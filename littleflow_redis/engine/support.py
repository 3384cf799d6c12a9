"""What this version cannot run yet: refused at the start, with a sentence, not half way."""

from __future__ import annotations

from littleflow_redis.language import Flow, StepKind

from .errors import UnsupportedFlow


def unsupported(flow: Flow) -> None:
    """Raise UnsupportedFlow if the flow has a step that could never end."""
    for step in flow.steps:
        where = f"line {step.line}, column {step.column}" if step.line else f"step {step.index}"
        if step.kind in (StepKind.LOAD, StepKind.STORE):
            raise UnsupportedFlow(
                f"{where}: resources such as <{step.uri}> are understood but cannot be run by this "
                "version yet: let a task load or store the data"
            )
