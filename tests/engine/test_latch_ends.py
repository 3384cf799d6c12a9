"""Latches of workflows that end, fail or are deleted while steps wait for them."""

from __future__ import annotations

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import StepState, WorkflowState

from .test_latches import Stage, private_keys


@pytest.fixture
def stage(engine: Client) -> Stage:
    return Stage(engine)


@pytest.mark.parametrize("end", ["terminate", "delete"])
def test_ending_a_workflow_releases_nothing_and_forgets_its_wait(stage: Stage, end: str) -> None:
    stage.start("wait:acquire(- name: a -)", workflow_id="holder")
    stage.start("wait:countdown(- name: a -)", workflow_id="waiter")
    assert stage.engine.terminate("waiter") is WorkflowState.TERMINATED
    if end == "delete":
        stage.engine.delete("waiter")
        stage.engine.delete("holder")
        assert private_keys(stage.engine) == [b"workflow:latch:a"]
    assert not stage.engine.redis.keys("workflows:latch:*")
    assert stage.count("a") == 1
    stage.start("wait:release(- name: a -)")
    assert stage.due() == []


def test_deleting_a_failed_workflow_forgets_what_waits_in_it(stage: Stage) -> None:
    stage.start("wait:acquire(- name: a -)")
    workflow = stage.start("{ wait:countdown(- name: a -) wait:countdown }")
    assert stage.state(workflow) is WorkflowState.FAILED
    assert stage.engine.redis.keys("workflows:latch:*")
    stage.engine.delete(workflow)
    assert not stage.engine.redis.keys("workflows:latch:*")


def test_zero_while_the_workflow_is_failed_counts_for_its_restart(stage: Stage) -> None:
    stage.start("wait:acquire(- name: a -)")
    workflow = stage.start("{ wait:countdown(- name: a -) wait:countdown } → A")
    stage.start("wait:release(- name: a -)")
    steps = stage.engine.state(workflow).steps
    assert steps[1].state is StepState.ENDED
    assert stage.player.played == []
