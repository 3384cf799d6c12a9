"""Values nested too deep for Python's stack are refused where they enter; below, all goes on."""

from __future__ import annotations

from typing import Any

import pytest

from littleflow_redis import run_local
from littleflow_redis.engine.builtins.event import event_wait
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import BadArchive
from littleflow_redis.engine.model.json_values import MAX_NESTING, BadValue, output_text
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.tasks.local import LocalFailure

from .event_scene import MATCH, Scene
from .support import run
from .test_ends import Hand


def nested(levels: int) -> Any:
    """An object with so many levels, itself included."""
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def test_the_limit_counts_lists_and_objects() -> None:
    whole = "[" * MAX_NESTING + "]" * MAX_NESTING
    assert output_text(whole) == whole
    for text in (f"[{whole}]", f'{{"a": {whole}}}', f"[1, [], {whole}, {{}}]"):
        with pytest.raises(BadValue, match="the output has more than 200 levels"):
            output_text(text)


def test_an_output_beyond_it_fails_its_step_and_says_why(engine: Client) -> None:
    hand = Hand(engine, "A → B", nested(MAX_NESTING))
    hand.end("A", nested(MAX_NESTING))
    assert hand.tasks["B"].input == nested(MAX_NESTING)
    hand.end("B", nested(MAX_NESTING + 1))
    view = engine.state(hand.workflow)
    assert view.state is WorkflowState.FAILED
    assert "the output has more than 200 levels" in str(view.reasons)


def test_a_local_run_holds_it_too() -> None:
    with pytest.raises(LocalFailure, match="more than 200 levels"):
        run_local("A", {"A": lambda: nested(MAX_NESTING + 1)})


def test_it_is_held_wherever_programs_hand_values_over(engine: Client) -> None:
    deep = nested(MAX_NESTING + 1)
    with pytest.raises(BadValue, match="the input has more than 200 levels"):
        engine.start("A", deep)
    with pytest.raises(BadValue, match="field 'x' has more than 200 levels"):
        engine.send_event("approved", {"x": deep})
    workflow, _ = run(engine, "A")
    with pytest.raises(BadValue, match="the input has more than 200 levels"):
        engine.restart(workflow, from_steps=["A"], input=deep)
    archive = engine.archive(workflow)
    archive["outputs"]["1"] = deep
    with pytest.raises(BadArchive, match="more than 200 levels"):
        engine.restore(archive)


def test_a_wait_matches_an_input_as_deep_as_the_limit(scene: Scene) -> None:
    """An input of 600 levels, an output that was taken, ended every lifecycle worker.

    Its digest is made by functions that call themselves, and the RecursionError was caught nowhere.
    """
    given = {"order": nested(MAX_NESTING - 1)}
    workflow = scene.start(MATCH, given)
    scene.send(**given)
    assert scene.output(workflow) == given


def test_a_match_beyond_it_fails_its_step() -> None:
    """Joins add levels to what was within the limit, and waits pass them on."""
    with pytest.raises(ValueError, match="match: the input has more than 200 levels"):
        event_wait({"event": "approved", "match": "input"}, nested(MAX_NESTING + 1))
