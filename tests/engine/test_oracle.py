"""littleflow's own Runner is the judge: the same firings, inputs and output for random flows.

What a step gets is ours: of one predecessor its output, of several the list of all of theirs, and
null is a value.
"""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import littleflow
import redis
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.model.task_events import StartTask, kind_of, start_task
from littleflow_redis.language import compile_text, to_littleflow
from littleflow_redis.workers.lifecycle import LifecycleWorker

from .flowtexts import flow_texts
from .support import Player, drive

INPUT = {"in": 1}

Firing = tuple[int, str]


def output(index: int, name: str, input: Any) -> dict[str, Any] | None:
    """An output that tells which step made it, of which input; now and then null or empty."""
    digest = hashlib.sha256(json.dumps([index, input], sort_keys=True).encode()).hexdigest()[:8]
    match int(digest, 16) % 8:
        case 0:
            return None
        case 1:
            return {}
        case _:
            return {f"{name}-{index}": digest}


def merge(input: Any) -> Any:
    """`>`: later keys over earlier ones, of whatever is there."""
    items = [item for item in input if item] if isinstance(input, list) else [input or {}]
    if not all(isinstance(item, dict) for item in items):
        raise ValueError("no objects")
    return {key: value for item in items for key, value in item.items()}


class Judge(littleflow.Context):  # type: ignore[misc]
    """Runs a flow by littleflow's algorithm and keeps what it fired; inputs follow our rule."""

    def __init__(self, flow: littleflow.Flow) -> None:
        super().__init__(flow, cache={})
        self.fired: list[Firing] = []
        self.output: Any = None

    def start(self, tasks: Any) -> None:
        immediate = self.new_transition()
        for index in tasks.flatten().nonzero()[0]:
            invocation, input = self.flow[index], self.input_for(index)
            if getattr(invocation, "merge", False):
                input = merge(input)
            if isinstance(invocation, littleflow.InvokeTask):
                self.start_task(invocation, input)
            else:
                literal = isinstance(invocation, littleflow.Source)
                self.output_for(index, invocation.value if literal else input)
                immediate[index] = 1
        if immediate.any():
            self.ending.put(immediate)

    def input_for(self, index: int) -> Any:
        sources = self.F.T[index].flatten().nonzero()[0] if index else [-1]
        inputs = [self.cache[source] for source in sources]
        return inputs if len(inputs) > 1 else inputs[0]

    def output_for(self, index: int, value: Any) -> None:
        self.cache[index] = value
        if index == len(self.flow) - 1:
            self.ended(value)

    def start_task(self, invocation: Any, input: Any) -> None:
        self.fired.append((invocation.index, json.dumps(input, sort_keys=True)))
        self.output_for(invocation.index, output(invocation.index, invocation.name, input))
        ended = self.new_transition()
        ended[invocation.index] = 1
        self.ending.put(ended)

    def ended(self, value: Any) -> None:
        self.output = value


def judge(text: str) -> Judge:
    # From our compilation: what the two languages make of a text is compared elsewhere.
    flow = to_littleflow(compile_text(text))
    context = Judge(flow)
    # Steps that nothing leads to fire in each round there, never here.
    assume(all(flow.F[:, index].sum() > 0 for index in range(1, len(flow))))
    runner = littleflow.Runner()
    runner.start(context, input=INPUT)
    try:
        while not context.ending.empty():
            runner.next(context, context.ending.get())
    except ValueError:
        assume(False)  # a merge of something else than objects
    return context


class ShuffledPlayer(Player):
    """Serves tasks in any order that the stream allows."""

    def __init__(self, client: Client, seed: int) -> None:
        super().__init__(client, lambda task: output(task.index, task.name, task.input))
        self._random = random.Random(seed)
        self._waiting: list[StartTask] = []

    def turn(self) -> int:
        entries = self.reader.read(100)
        self._waiting += [
            start_task(entry.id, entry.fields)
            for entry in entries
            if kind_of(entry.fields) == "start-task"
        ]
        self.reader.ack([entry.id for entry in entries])
        if self._waiting:
            self.serve(self._waiting.pop(self._random.randrange(len(self._waiting))))
        return len(entries) + len(self._waiting)


@given(text=flow_texts(), seed=st.integers(0, 1000))
@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_engine_fires_what_littleflow_fires(client: redis.Redis, text: str, seed: int) -> None:
    expected = judge(text)
    client.flushall()
    engine = Client(redis=client)
    worker, player = LifecycleWorker(engine), ShuffledPlayer(engine, seed)
    workflow = engine.start(text, INPUT)
    assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED
    fired = [(task.index, json.dumps(task.input, sort_keys=True)) for task in player.played]
    event(f"steps: {len(fired) // 5 * 5}+")
    assert sorted(fired) == sorted(expected.fired)
    assert engine.state(workflow).output == expected.output
    allowed(engine, workflow, [index for index, _ in fired])


def allowed(engine: Client, workflow: str, order: list[int]) -> None:
    """No step was played before all steps that lead to it."""
    flow = engine.views.flow(workflow)
    position = {index: at for at, index in enumerate(order)}
    for step in flow.steps:
        for before in step.predecessors:
            if step.index in position and before in position:
                assert position[before] < position[step.index]
