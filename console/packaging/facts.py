"""Facts that the pages share with the engine: `python console/packaging/facts.py` writes them.

The file lies in the repository, so that the pages can be built without Python; a test compares.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.engine.model.wait_kinds import WaitKind

FILE = Path(__file__).resolve().parents[1] / "web/src/wire/facts.ts"

_HEAD = """\
// biome-ignore-all format: written by console/packaging/facts.py; tests/console compares it.
"""


def _list(name: str, values: Iterable[StrEnum]) -> str:
    items = "".join(f"  {json.dumps(value.value)},\n" for value in values)
    return f"export const {name} = [\n{items}] as const;\n"


def facts() -> str:
    """The text of the file."""
    return "\n".join(
        [
            _HEAD,
            _list("WORKFLOW_STATES", WorkflowState),
            "export type WorkflowState = (typeof WORKFLOW_STATES)[number];\n",
            _list("ENDED_WORKFLOW_STATES", (state for state in WorkflowState if state.ended)),
            _list("STEP_STATES", StepState),
            "export type StepState = (typeof STEP_STATES)[number];\n",
            _list("DONE_STEP_STATES", (state for state in StepState if state.done)),
            _list("OVER_STEP_STATES", (state for state in StepState if state.over)),
            _list("WAIT_KINDS", WaitKind),
        ]
    )


if __name__ == "__main__":
    FILE.write_text(facts(), encoding="utf-8")
