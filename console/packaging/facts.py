"""Facts that the pages share with engine and API: `python console/packaging/facts.py` writes them.

The file lies in the repository, so that the pages can be built without Python; a test compares.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from littleflow_redis.api.schemas.workflows import MOST_PER_PAGE
from littleflow_redis.api.tokens import Access
from littleflow_redis.console.config import API_PORT
from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.engine.model.trace_kinds import CLOSING_KINDS, STATE_AFTER
from littleflow_redis.engine.model.wait_kinds import WaitKind
from littleflow_redis.engine.operations import bulk
from littleflow_redis.language.flow import StepKind

FILE = Path(__file__).resolve().parents[1] / "web/src/wire/facts.ts"

_HEAD = """\
// biome-ignore-all format: written by console/packaging/facts.py; tests/console compares it.
"""


def _list(name: str, values: Iterable[StrEnum]) -> str:
    items = "".join(f"  {json.dumps(value.value)},\n" for value in values)
    return f"export const {name} = [\n{items}] as const;\n"


def _type(name: str, of: str) -> str:
    return f"export type {name} = (typeof {of})[number];\n"


def _number(name: str, value: int, comment: str) -> str:
    return f"/** {comment} */\nexport const {name} = {value};\n"


def _map(name: str, values: Mapping[StrEnum, StrEnum], comment: str) -> str:
    items = "".join(
        f"  {json.dumps(key.value)}: {json.dumps(value.value)},\n" for key, value in values.items()
    )
    return f"/** {comment} */\nexport const {name} = {{\n{items}}} as const;\n"


def facts() -> str:
    """The text of the file."""
    return "\n".join(
        [
            _HEAD,
            _list("WORKFLOW_STATES", WorkflowState),
            _type("WorkflowState", "WORKFLOW_STATES"),
            _list("ENDED_WORKFLOW_STATES", (state for state in WorkflowState if state.ended)),
            _list("STEP_STATES", StepState),
            _type("StepState", "STEP_STATES"),
            _list("DONE_STEP_STATES", (state for state in StepState if state.done)),
            _list("OVER_STEP_STATES", (state for state in StepState if state.over)),
            _map(
                "STATES_AFTER_CLOSING",
                {kind: STATE_AFTER[kind] for kind in CLOSING_KINDS},
                "The changes that close an attempt, and the state of its step afterwards.",
            ),
            _list("STEP_KINDS", StepKind),
            _type("StepKind", "STEP_KINDS"),
            _list("WAIT_KINDS", WaitKind),
            _type("WaitKind", "WAIT_KINDS"),
            _list("ACCESS_LEVELS", Access),
            _type("Access", "ACCESS_LEVELS"),
            _list("BULK_ACTIONS", bulk.Action),
            _type("BulkAction", "BULK_ACTIONS"),
            _number("MOST_PER_BULK", bulk.MOST, "Workflows that one bulk action takes at most."),
            _number("MOST_PER_PAGE", MOST_PER_PAGE, "Items on a page of the API at most."),
            _number("API_PORT", API_PORT, "Where the API listens by default."),
        ]
    )


if __name__ == "__main__":
    FILE.write_text(facts(), encoding="utf-8")
