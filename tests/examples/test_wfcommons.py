"""Published workflows as littleflow text: the same graph, and the engine keeps to its order."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.wfformat import load_converter
from littleflow_redis import Client, Flow, WorkflowState, compile_text, run_local
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.language import Step, StepKind
from tests.engine.support import run

from .instances import Parents, epigenomics, instance, layers, montage, older, wide

CONVERT = Path(__file__).parents[2] / "examples" / "wfcommons" / "convert.py"


convert = load_converter()

SHAPES = {
    "montage": montage(12),
    "epigenomics": epigenomics(3, 5),
    "wide": wide(1_100),
    "layers": layers(40),
}


def id_of(step: Step) -> str:
    assert isinstance(step.parameters, dict)
    return str(step.parameters["id"])


def before(flow: Flow, step: Step) -> Iterable[str]:
    """The ids of the tasks that lead to a step, through relays; `start` for the start."""
    for index in step.predecessors:
        other = flow[index]
        if other.kind is StepKind.START:
            yield "start"
        elif other.name == "relay":
            yield from before(flow, other)
        else:
            yield id_of(other)


def assert_same_graph(flow: Flow, parents: Parents) -> None:
    found = {
        id_of(step): sorted(before(flow, step))
        for step in flow.steps
        if step.kind is StepKind.TASK and step.name != "relay"
    }
    assert found == {id: sorted(above) or ["start"] for id, above in parents.items()}
    inner = {parent for above in parents.values() for parent in above}
    assert sorted(before(flow, flow[-1])) == sorted(parents.keys() - inner)


@st.composite
def graphs(draw: st.DrawFn) -> Parents:
    """Any acyclic graph, the tasks in any order."""
    ids = [f"task_{number:06}" for number in range(draw(st.integers(1, 12)))]
    parents = {
        id: draw(st.lists(st.sampled_from(ids[:at]), unique=True)) if at else []
        for at, id in enumerate(ids)
    }
    return {id: parents[id] for id in draw(st.permutations(ids))}


@pytest.mark.parametrize("made", [instance, older])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_text_is_the_instance_s_graph(shape: str, made: Any) -> None:
    flow = compile_text(convert.convert(made(shape, SHAPES[shape])))

    assert flow.warnings == ()
    assert flow.name == shape
    assert_same_graph(flow, SHAPES[shape])


@given(parents=graphs())
def test_any_graph_can_be_written(parents: Parents) -> None:
    flow = compile_text(convert.convert(instance("any", parents)))

    assert flow.warnings == ()
    assert_same_graph(flow, parents)


def test_a_relay_is_shared_by_all_tasks_with_the_same_parents() -> None:
    text = convert.convert(instance("layers", layers(200)))

    assert text.count("relay") == 2


def test_names_are_those_of_the_programs() -> None:
    parents = {"mProject_ID0000001": (), "NF.CORE:x-y_0000012": (), "1000genome": ()}

    flow = compile_text(convert.convert(instance("1000 genome/é", parents)))

    assert flow.name == "_1000_genome__"
    assert [step.name for step in flow.steps[1:-1]] == ["mProject", "NF_CORE_x_y", "_1000genome"]


def flat(value: Any) -> list[Any]:
    if value == {}:
        return []
    return [each for item in value for each in flat(item)] if isinstance(value, list) else [value]


def assert_in_order(tasks: Iterable[StartTask], parents: Parents) -> None:
    """Every task ran once, with the outputs of exactly its parents."""
    seen = set()
    for task in tasks:
        id = task.parameters["id"]
        assert id not in seen, f"{id} ran twice"
        assert sorted(flat(task.input)) == sorted(parents[id])
        assert seen.issuperset(parents[id]), f"{id} ran too early"
        seen.add(id)
    assert seen == set(parents)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_engine_runs_every_task_once_and_after_its_parents(
    client: redis.Redis, shape: str
) -> None:
    engine = Client(redis=client)
    text = convert.convert(instance(shape, SHAPES[shape]))

    workflow, player = run(engine, text, None, lambda task: task.parameters["id"])

    assert engine.state(workflow).state is WorkflowState.FINISHED
    assert_in_order(player.played, SHAPES[shape])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_local_run_keeps_to_the_same_order(shape: str) -> None:
    text = convert.convert(instance(shape, SHAPES[shape]))
    played: list[StartTask] = []
    names = {step.name for step in compile_text(text).steps}

    run_local(text, dict.fromkeys(names, own_id), on_task=played.append)

    assert_in_order(played, SHAPES[shape])


def own_id(*args: Any, id: str) -> str:
    return id


def command(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, CONVERT, path], capture_output=True, text=True, encoding="utf-8"
    )


def test_the_command_prints_the_text(tmp_path: Path) -> None:
    path = tmp_path / "instance.json"
    path.write_text(json.dumps(instance("montage", SHAPES["montage"])))

    done = command(path)

    assert (done.returncode, done.stderr) == (0, "")
    assert_same_graph(compile_text(done.stdout), SHAPES["montage"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        ("{", "Expecting property name"),
        ("[]", "this is no WfFormat instance"),
        ('{"workflow": {}}', "this is no WfFormat instance: KeyError('tasks')"),
        ('{"workflow": {"tasks": [{"name": "A", "parents": ["B"]}]}}', "KeyError('B')"),
        ('{"workflow": {"tasks": [{"name": "A"}, {"name": "A"}]}}', "two tasks have the same id"),
    ],
)
def test_what_cannot_be_converted_is_said(
    tmp_path: Path, content: str | None, message: str
) -> None:
    path = tmp_path / "instance.json"
    if content is not None:
        path.write_text(content)

    done = command(path)

    assert done.returncode == 1
    assert done.stdout == ""
    assert f"{path}: " in done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
