"""Steps in detail, the source text, the graph, and changes with what they led to."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from littleflow_redis import compile_text
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import NoSource, UnknownStep, UnknownWorkflow
from littleflow_redis.engine.model.records import Record
from littleflow_redis.engine.model.script_results import Publication
from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.keys import STEPS
from littleflow_redis.engine.views.graph import graph
from littleflow_redis.engine.views.steps import ItemCounts
from littleflow_redis.language import Flow

from .support import run
from .test_ends import Hand


def test_a_step_with_what_went_in_and_what_came_out(engine: Client) -> None:
    def play(task: StartTask) -> Any:
        if task.name == "math:B" and "1.1-" in task.token:
            raise RuntimeError("once")
        return {task.name: task.index}

    text = "A →\n  math:B(- {n: 1, $retry: {limit: 1, delay: 0}} -) → C"
    workflow, _ = run(engine, text, {"x": 1}, play)
    found = engine.step(workflow, 2)
    step = found.step
    assert (step.name, step.base, step.category) == ("math:B", "math:B", "math")
    assert (step.parameters, step.line, step.column) == ({"n": 1}, 2, 3)
    assert (found.input, found.output) == ({"A": 1}, {"math:B": 2})
    assert [(each.number, each.result, each.reason) for each in found.history] == [
        (1, "retry", "RuntimeError: once"),
        (2, "end", ""),
    ]
    assert step == engine.state(workflow).steps[2]
    assert engine.input(workflow) == {"x": 1}
    assert engine.step(workflow, 0).input == {"x": 1}


def test_a_step_that_has_not_begun(engine: Client) -> None:
    hand = Hand(engine, "{ A\n<[1]> → C } → B", {})
    index = next(s.index for s in engine.state(hand.workflow).steps if s.name == "C")
    assert engine.step(hand.workflow, index).input == [1]
    index = next(s.index for s in engine.state(hand.workflow).steps if s.name == "B")
    found = engine.step(hand.workflow, index)
    assert (found.step.state, found.input, found.output) == (StepState.IDLE, {}, None)
    assert found.history == []
    with pytest.raises(UnknownStep, match="has no step 9: they are numbered from 0 to"):
        engine.step(hand.workflow, 9)
    with pytest.raises(UnknownWorkflow):
        engine.step("nowhere", 0)


def test_items_are_counted_and_each_can_be_seen(engine: Client) -> None:
    def play(task: StartTask) -> Any:
        if task.input == 2:
            raise RuntimeError("two")
        return task.input

    workflow, _ = run(engine, "{ * A * { B C } } → D", [1, 2, 3], play)
    items = {step.name: step.items for step in engine.state(workflow).steps}
    assert items["A"] == ItemCounts(3, 2, 1)
    assert items["subflow-start"] == ItemCounts(3, items["subflow-start"].ended, 1)
    assert items["D"] is None
    index = next(s.index for s in engine.state(workflow).steps if s.name == "A")
    assert engine.step(workflow, index).input == [1, 2, 3]
    item = engine.step(workflow, index, "1")
    assert (item.input, item.output, [a.result for a in item.history]) == (2, None, ["fail"])
    assert len(engine.step(workflow, index).history) == 3


def test_nested_iterations_count_each_their_own(engine: Client) -> None:
    workflow, _ = run(engine, "* { * A → B }", [[1, 2], [3]], lambda task: task.input)
    items = {step.name: step.items for step in engine.state(workflow).steps}
    assert (items["subflow-start"], items["A"]) == (ItemCounts(2, 2, 0), ItemCounts(3, 3, 0))


def test_the_id_of_the_celery_task_stays_in_the_history(engine: Client) -> None:
    hand = Hand(engine, "{ math:A B }")
    task = hand.tasks["math:A"]
    take = engine.transitions.claim_attempt(
        task, "bridge:math", "me@here", Publication("math", "celery-1")
    )
    engine.transitions.run([take, engine.transitions.claim_attempt(hand.tasks["B"], "g", "{odd")])
    hand.send(index=task.index, name="math:A", token=task.token, worker="w@there")
    hand.turn()
    (attempt,) = engine.step(hand.workflow, task.index).history
    assert (attempt.celery_id, attempt.worker) == ("celery-1", "w@there")
    (other,) = engine.step(hand.workflow, hand.tasks["B"].index).history
    assert (other.celery_id, other.worker) == ("", "{odd")


def test_the_source_is_kept_and_goes_along_with_archives(engine: Client) -> None:
    text = "# a comment → {\nA  →  B\n"
    workflow = engine.start(text)
    assert engine.source(workflow) == text
    other = engine.start(text + "# more\n")
    assert engine.source(other) == text + "# more\n"
    engine.terminate(workflow)
    restored = engine.restore(engine.archive(workflow))
    engine.delete(workflow)
    assert Client(redis=engine.redis).source(restored) == text
    with pytest.raises(UnknownWorkflow):
        engine.source(workflow)
    with pytest.raises(NoSource, match="was not started from a text"):
        engine.source(engine.start(Flow(steps=compile_text("A").steps)))


def test_the_graph_of_a_flow() -> None:
    flow = compile_text("A → ? `$[?(@.n<5)]` { B → * { C } → :start } → D(- {a: 1} -)")
    found = graph(flow)
    nodes = {node["index"]: node for node in found["nodes"]}
    assert set(nodes) == set(range(len(flow)))
    outer, inner = found["clusters"]
    assert nodes[outer["index"]]["kind"] == "subflow-start"
    assert nodes[outer["end"]]["parent"] == outer["index"]
    assert (outer["parent"], inner["parent"]) == (-1, outer["index"])
    by_name = {node["name"]: node for node in found["nodes"]}
    parents = [by_name[name]["parent"] for name in ("A", "B", "C", "D", "start", "end")]
    assert parents == [-1, outer["index"], inner["index"], -1, -1, -1]
    assert by_name["A"]["state"] is None
    guarded = [edge for edge in found["edges"] if "guard" in edge]
    assert {(e["to"], e["guard"]) for e in guarded} == {(outer["index"], "$[?(@.n<5)]")}
    assert [edge["to"] for edge in found["edges"] if edge["back"]] == [outer["index"]]
    assert {(e["from"], e["to"]) for e in found["edges"]} == set(flow.edges)


def test_the_graph_of_a_workflow_has_its_states(engine: Client) -> None:
    workflow, _ = run(engine, "A → ? `$[?(@.no=1)]` B")
    states = {node["name"]: node["state"] for node in engine.graph(workflow)["nodes"]}
    assert states == {"start": "ended", "A": "ended", "B": "skipped", "end": "ended"}


TEXTS = (
    "A → { B(- {$retry: {limit: 1, delay: 0}} -) wait:delay(- duration: 0.01 -) } → C",
    "* { A → * B } → > C",
    "A → ? `$[?(@.no=1)]` { B C } → D(- {$on-failure: continue} -)",
    "Begin → ? `$[?(@.n<3)]` { Add → :start } → Fail",
)


@pytest.mark.parametrize("text", TEXTS)
def test_the_states_that_changes_tell_are_those_that_steps_have(engine: Client, text: str) -> None:
    def play(task: StartTask) -> Any:
        if task.name in ("B", "D", "Fail") and "1.1" in task.token:
            raise RuntimeError("no")
        return {"n": task.input["n"] + 1} if task.name == "Add" else task.input

    workflow, _ = run(engine, text, {"n": 0}, play)
    told: dict[str, str] = {}
    start = 0
    while start is not None:
        changes, start = engine.changes(workflow, start, 7)
        told |= {change.field: change.state for change in changes if change.state}
    view = engine.state(workflow)
    assert told.pop("") == view.state
    for step in view.steps:
        scoped = [
            state for field, state in told.items() if field.partition("@")[0] == str(step.index)
        ]
        assert step.state in (scoped or [StepState.IDLE])
        if str(step.index) in told:
            assert told[str(step.index)] == step.state
    assert view.state in (WorkflowState.FINISHED, WorkflowState.FAILED)


def test_a_large_state_costs_little_more_than_reading_its_records(engine: Client) -> None:
    """Processor time, as a ratio to reading and unpacking the same records in the same run."""
    width = 4_000
    hand = Hand(engine, "first → { " + "\n".join(f"t{i}" for i in range(width)) + " } → last")
    hand.send(index=1, name="first")
    hand.turn()

    def bare() -> None:
        for name, packed in engine.redis.hgetall(hand.workflow + STEPS).items():
            if name[:1].isdigit():
                Record(packed)

    def took(call: Callable[[], object]) -> float:
        began = time.process_time()
        call()
        return time.process_time() - began

    assert engine.state(hand.workflow).steps[width].state is StepState.QUEUED
    least = min(took(bare) for _ in range(5))
    # 14 on two busy cores; more than a few microseconds a step would show.
    assert min(took(lambda: engine.state(hand.workflow)) for _ in range(5)) < 30 * least
