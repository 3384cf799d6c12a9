"""`wait:event`: which waits an event ends, before or after they began, and with what output."""

from __future__ import annotations

from typing import Any

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import UnknownWorkflow
from littleflow_redis.engine.model.states import StepState

from .event_scene import KEEP, MATCH, NOTHING, WAIT, Scene, private_keys
from .support import append


@pytest.mark.parametrize("first", ["event", "wait"])
def test_an_event_ends_a_wait_whichever_comes_first(scene: Scene, first: str) -> None:
    if first == "event":
        scene.send()
    workflow = scene.start(f"{WAIT} → A", {"x": 1})
    if first == "wait":
        assert not scene.ended(workflow)
        assert scene.engine.state(workflow).steps[1].state is StepState.WAITING
        scene.send()
    assert scene.output(workflow) == {"A": [2, {"x": 1}]}
    assert private_keys(scene.engine) == NOTHING


@pytest.mark.parametrize("first", ["event", "wait"])
@pytest.mark.parametrize(
    ("text", "data", "output"),
    [
        (WAIT, {"by": "me"}, {"order": 5, "note": "é"}),
        (WAIT, {"output": {"by": "me"}}, {"by": "me"}),
        (WAIT, {"output": [1, 2]}, [1, 2]),
        (WAIT, {"output": None}, {"order": 5, "note": "é"}),
        (MATCH, {"order": 5, "note": "é"}, {"order": 5, "note": "é"}),
        (MATCH, {"order": 5.0, "note": "é", "x": 1}, {"order": 5, "note": "é"}),
        (
            MATCH,
            {"order": 5, "note": "é", "output": {"note": "n", "by": "me"}},
            {"order": 5, "note": "n", "by": "me"},
        ),
    ],
)
def test_the_output_is_the_events_over_the_match_or_the_input(
    scene: Scene, first: str, text: str, data: dict[str, Any], output: Any
) -> None:
    if first == "event":
        scene.send(**data)
    workflow = scene.start(text, {"order": 5, "note": "é"})
    if first == "wait":
        scene.send(**data)
    assert scene.output(workflow) == output
    assert private_keys(scene.engine) == NOTHING


@pytest.mark.parametrize("first", ["event", "wait"])
@pytest.mark.parametrize("data", [{}, {"order": 6}, {"order": "5"}, {"order": True}, {"Order": 5}])
def test_what_does_not_match_is_left(scene: Scene, first: str, data: dict[str, Any]) -> None:
    if first == "event":
        scene.send(**data)
    workflow = scene.start(MATCH, {"order": 5})
    if first == "wait":
        scene.send(**data)
    scene.engine.send_event("other", {"order": 5})
    scene.turn()
    assert not scene.ended(workflow)
    assert scene.receipts() == []
    scene.send(order=5)
    assert scene.output(workflow) == {"order": 5}


def test_every_waiter_that_matches_gets_it_and_it_is_receipted_once(scene: Scene) -> None:
    workflows = [scene.start(MATCH, {"order": n % 3}) for n in range(9)]
    several = scene.start(f"{{ {WAIT} {WAIT} }} → A", {"x": 1})
    event = scene.send(order=1)
    assert [scene.ended(w) for w in workflows] == [n % 3 == 1 for n in range(9)]
    assert scene.output(several) == {"A": [5, [{"x": 1}, {"x": 1}]]}
    assert scene.receipts() == [event]
    late = scene.start(WAIT)
    assert not scene.ended(late)


def test_more_waiters_than_one_call_names(scene: Scene) -> None:
    workflows = [scene.engine.start(WAIT) for _ in range(600)]
    scene.turn()
    event = scene.send(output=1)
    assert {scene.output(workflow) for workflow in workflows} == {1}
    assert scene.receipts() == [event]
    assert private_keys(scene.engine) == NOTHING


def test_without_receipt_it_stays_for_those_who_come_later(scene: Scene) -> None:
    event = scene.send(output=1)
    assert [scene.output(scene.start(KEEP)) for _ in range(3)] == [1, 1, 1]
    assert scene.receipts() == []
    assert scene.output(scene.start(WAIT)) == 1
    assert scene.receipts() == [event]
    assert not scene.ended(scene.start(KEEP))


def test_the_oldest_event_is_taken_first(scene: Scene) -> None:
    for n in range(3):
        scene.send(output=n)
    assert [scene.output(scene.start(WAIT)) for _ in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("wait", [WAIT, KEEP])
def test_one_event_goes_to_each_step_once(scene: Scene, wait: str) -> None:
    workflow = scene.start(f"{wait} → {wait} → A")
    scene.send(output={"n": 1})
    # Without a receipt the event is there for the second step, but once for each.
    assert scene.ended(workflow) is (wait == KEEP)
    scene.send(output={"n": 2})
    assert scene.output(workflow) == {"A": [3, {"n": 1 if wait == KEEP else 2}]}


@pytest.mark.parametrize("wait", [WAIT, KEEP])
@pytest.mark.parametrize("before", [True, False])
def test_a_loop_takes_different_events(scene: Scene, wait: str, before: bool) -> None:
    if before:
        for n in range(3):
            scene.send(output={"n": n})
    workflow = scene.start(f"{wait} → A → :start")
    if not before:
        for n in range(3):
            scene.send(output={"n": n})
    played = [task.input for task in scene.player.played]
    assert played == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert scene.engine.state(workflow).steps[1].activations == 4
    assert not scene.ended(workflow)


def test_a_restarted_wait_does_not_get_it_again(scene: Scene) -> None:
    scene.send(output=1)
    workflow = scene.start(f"{KEEP} → A → :start")
    scene.engine.terminate(workflow)
    scene.engine.restart(workflow)
    scene.turn()
    assert [task.input for task in scene.player.played] == [1]
    assert scene.engine.state(workflow).steps[1].state is StepState.WAITING
    scene.send(output=2)
    assert [task.input for task in scene.player.played] == [1, 2]


def test_an_event_for_one_workflow_reaches_only_that(scene: Scene) -> None:
    one, two = scene.start(WAIT), scene.start(WAIT)
    scene.send(two, output="for two")
    assert not scene.ended(one)
    assert scene.output(two) == "for two"
    scene.send(one, output="for one")
    assert scene.output(one) == "for one"


def test_an_event_for_a_workflow_that_does_not_wait_yet(scene: Scene) -> None:
    later = scene.engine.start(f"A → {WAIT} → {WAIT}", workflow_id="later")
    for output, workflow in (("all", None), (1, "later"), (2, "later")):
        scene.engine.send_event("approved", {"output": output}, workflow)
        scene.worker.turn()
    assert scene.output(scene.start(WAIT)) == "all"
    assert scene.output(later) == 2
    assert private_keys(scene.engine) == NOTHING


def test_the_oldest_of_an_event_for_all_and_one_for_the_workflow(scene: Scene) -> None:
    later = scene.engine.start(f"A → {WAIT} → B → {WAIT} → C", workflow_id="later")
    for output, workflow in (("mine", "later"), ("all", None)):
        scene.engine.send_event("approved", {"output": output}, workflow)
        scene.worker.turn()
    scene.turn()
    assert scene.ended(later)
    played = {task.name: task.input for task in scene.player.played}
    assert (played["B"], played["C"]) == ("mine", "all")


def test_an_event_for_nobody_is_refused(engine: Client) -> None:
    with pytest.raises(UnknownWorkflow):
        engine.send_event("approved", {}, "nowhere")


def test_the_short_id_in_an_event_written_by_hand(scene: Scene) -> None:
    workflow = scene.start(WAIT, workflow_id="w")
    other = scene.start(WAIT)
    event = {"kind": "approved", "for-workflow": "w", "output": 1}
    append(scene.engine.redis, scene.engine.keys.events, event)
    scene.turn()
    assert scene.output(workflow) == 1
    assert not scene.ended(other)


def test_the_input_is_computed_where_the_stream_has_lost_it(scene: Scene) -> None:
    workflow = scene.start(f"<- {{x: [1]}} -> → > {WAIT}")
    scene.engine.redis.delete(scene.engine.keys.events)
    scene.worker.reader.ensure()
    scene.send()
    assert scene.output(workflow) == {"x": [1]}


def test_an_iteration_waits_for_an_event_per_item(scene: Scene) -> None:
    workflow = scene.start(f"* {MATCH}", [{"n": 1}, {"n": 2}, {"n": 3}])
    for n in (2, 3, 1):
        assert not scene.ended(workflow)
        scene.send(n=n, output={"got": n})
    assert scene.output(workflow) == [{"n": n, "got": n} for n in (1, 2, 3)]


def test_a_waiting_step_says_what_it_waits_for(scene: Scene) -> None:
    parameters = "{event: approved, match: input, timeout: 60}"
    workflow = scene.start(f"wait:event(- {parameters} -)", {"order": 5})
    waits = scene.engine.state(workflow).steps[1].waits
    assert waits.startswith('waits for event approved with {"order":5}, until 2')
    assert scene.engine.state(scene.start(WAIT)).steps[1].waits == "waits for event approved"
    delay = scene.start("wait:delay(- until: '2100-01-01' -)")
    assert scene.engine.state(delay).steps[1].waits == "waits until 2100-01-01 00:00:00"
