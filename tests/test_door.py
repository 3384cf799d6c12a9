"""What ``import littleflow_redis`` offers, and what it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import littleflow_redis


def test_the_door_is_small_and_known() -> None:
    assert littleflow_redis.__all__ == [
        "Client",
        "Flow",
        "FlowError",
        "IdConflict",
        "InProgress",
        "InvalidId",
        "LittleflowError",
        "StartResult",
        "StartSpec",
        "StepState",
        "TaskListener",
        "UnknownWorkflow",
        "UnsupportedFlow",
        "WorkflowFailed",
        "WorkflowState",
        "WorkflowTerminated",
        "compile_text",
        "current_task",
        "run_local",
    ]


@pytest.mark.parametrize("name", littleflow_redis.__all__)
def test_every_name_is_there_under_its_own_name(name: str) -> None:
    assert getattr(littleflow_redis, name).__name__ == name


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Worker'"):
        littleflow_redis.Worker  # noqa: B018


def test_importing_it_loads_nothing_heavy() -> None:
    source = (
        "import sys, littleflow_redis; "
        "print([name for name in ('redis', 'celery', 'lark', 'click') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)

    assert shown.stdout == "[]\n", shown.stderr
