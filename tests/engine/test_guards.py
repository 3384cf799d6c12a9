"""Guards: no match passes the input through, and the trace says skipped."""

from __future__ import annotations

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import StepState

from .support import run


@pytest.mark.parametrize(("status", "played"), [(0, ["A", "B", "C"]), (1, ["A", "C"])])
def test_a_step_runs_only_if_its_guard_matches(
    engine: Client, status: int, played: list[str]
) -> None:
    workflow, player = run(
        engine, "A → ? `$[?(@.status=0)]` B → C", play=lambda task: {"status": status}
    )
    assert [task.name for task in player.played] == played
    skipped = engine.state(workflow).steps[2].state is StepState.SKIPPED
    assert skipped == (status == 1)
    assert ("skip" in [entry.what for entry in engine.trace(workflow)]) == skipped
    assert player.played[-1].input == {"status": status}


def test_a_whole_subflow_is_passed_through(engine: Client) -> None:
    workflow, player = run(
        engine, "A → ? `$[?(@.go=1)]` { B → C  D } → E", play=lambda task: {"go": 0}
    )
    assert [task.name for task in player.played] == ["A", "E"]
    states = [step.state for step in engine.state(workflow).steps]
    assert states[2:7] == [StepState.SKIPPED, *[StepState.IDLE] * 3, StepState.SKIPPED]
